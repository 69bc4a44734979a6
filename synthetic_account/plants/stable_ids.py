"""Names that do not change with the seed, so that rows of configuration can name them.

Everything else that is planted takes its ids from the seed of the account. Rows of configuration (policy
waivers, budgets, default tags of a workspace) are written before an account exists, so their names are here.
"""

from __future__ import annotations

DEFAULT_TAGS_WORKSPACE_ID = "8800000000000001"
"""A workspace whose usage lacks tags that `workspace_default_tags` may give it."""

DEFAULT_TAGS = {"cost_center": "CC-8800", "environment": "dev", "department": "research"}
"""The defaults its case reckons with."""
