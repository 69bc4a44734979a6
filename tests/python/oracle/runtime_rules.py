"""What the name of a Databricks runtime says."""

from __future__ import annotations

import re
from typing import Any

RUNTIME_COLUMNS = (
    "dbr_major_version",
    "dbr_minor_version",
    "is_photon_runtime",
    "is_ml_runtime",
    "is_lts_runtime",
)

# `15.4.x-scala2.12`, and with a kind in front `dlt:15.4.2-...`; in `apache-spark-3.5` there is no runtime.
_VERSION = re.compile(r"(?:[a-z]+:)?(\d+)\.(\d+)")


def runtime_columns(dbr_version: str | None) -> dict[str, Any]:
    """The columns of `slv_clusters` that come from `dbr_version`.

    Args:
        dbr_version: The name of the runtime, or None.

    Returns:
        Major and minor version, None where the name does not begin with one; and whether the name says
        Photon, machine learning and long-term support, None without a name.
    """
    if dbr_version is None:
        return dict.fromkeys(RUNTIME_COLUMNS)
    name = dbr_version.lower()
    found = _VERSION.match(name)
    words = set(re.split(r"[^a-z0-9]+", name))
    version = (int(found[1]), int(found[2])) if found else (None, None)
    flags = ("photon" in words, "ml" in words, "lts" in words)
    return dict(zip(RUNTIME_COLUMNS, (*version, *flags), strict=True))
