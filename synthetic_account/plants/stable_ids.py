"""Names that do not change with the seed, so that rows of configuration can name them.

Everything else that is planted takes its ids from the seed of the account. Rows of configuration (policy
waivers, budgets, default tags of a workspace) are written before an account exists, so their names are here.
"""

from __future__ import annotations

DEFAULT_TAGS_WORKSPACE_ID = "8800000000000001"
"""A workspace whose usage lacks tags that `workspace_default_tags` may give it."""

DEFAULT_TAGS = {"cost_center": "CC-8800", "environment": "dev", "department": "research"}
"""The defaults its case reckons with."""

RUNS_WORKSPACE_ID = "8800000000000002"
"""Jobs of which latency, failures, queues and reliability are known."""

POLICY_WORKSPACE_ID = "8800000000000003"
"""Clusters and jobs that break one policy each, and some that break none."""

SPIKE_WORKSPACE_ID = "8800000000000004"
RHYTHM_WORKSPACE_ID = "8800000000000005"
TINY_WORKSPACE_ID = "8800000000000006"
"""One series of cost each: with a spike, with busy Mondays, and too small to matter."""

BUDGET_WORKSPACE_ID = "8800000000000007"
MOVING_WORKSPACE_ID = "8800000000000008"
"""Work that moves from classic to serverless compute, week by week."""

WELL_TAGGED_WORKSPACE_ID = "8800000000000009"
BADLY_TAGGED_WORKSPACE_ID = "8800000000000010"

POLICY_CLUSTERS = {
    "within_policy": "0901-100000-within01",
    "runtime_too_old": "0901-100001-runtime1",
    "auto_termination_off": "0901-100002-noautost",
    "autoscaling_off": "0901-100003-noscalin",
    "node_type_not_allowed": "0901-100004-nodetype",
    "required_tags_missing": "0901-100005-untagged",
    "job_on_all_purpose": "0901-100006-jobshere",
    "waived": "0901-100007-waived01",
    "waiver_expired": "0901-100008-waived02",
    "runtime_out_of_support": "0901-100009-runtime2",
}
"""Clusters in the workspace of policies, by the one policy each breaks."""

POLICY_JOBS = {
    "within_policy": "881000000000100",
    "job_on_all_purpose": "881000000000106",
    "run_too_long": "881000000000109",
    "failure_rate_high": "881000000000110",
    "daily_cost_high": "881000000000111",
}
"""Jobs in the workspace of policies, by the one policy each breaks."""

WAIVED_CLUSTER_ID = POLICY_CLUSTERS["waived"]
"""Breaks `runtime_too_old` and is meant to have a waiver that holds at the end of the account."""

EXPIRED_WAIVER_CLUSTER_ID = POLICY_CLUSTERS["waiver_expired"]
"""Breaks `runtime_too_old` and is meant to have a waiver that ended before the account begins."""

OVER_BUDGET_DEPARTMENT = "planted-over-budget"
NEAR_BUDGET_DEPARTMENT = "planted-near-budget"
UNDER_BUDGET_DEPARTMENT = "planted-under-budget"
MONTHLY_BUDGET = "300"
"""USD a month, for each of the three departments."""
