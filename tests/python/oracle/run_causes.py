"""Why a run failed, by what an admin has decided about termination codes."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from oracle.run_rules import FAILED, status_group
from oracle.tag_rules import SEEDS_FOLDER

TIMEOUT, UNKNOWN = "timeout", "unknown"


def failure_cause(result_state: str | None, termination_code: str | None) -> str | None:
    """The cause of a failure.

    Args:
        result_state: How the run ended, as the source spells it.
        termination_code: Why, as the source spells it.

    Returns:
        That of the code, whatever its case and surrounding blanks; a run that timed out has that cause
        whatever its code. None where it did not fail.
    """
    if result_state is None or status_group(result_state) != FAILED:
        return None
    if result_state.strip().upper() == "TIMED_OUT":
        return TIMEOUT
    return _causes().get((termination_code or "").strip().upper()) or UNKNOWN


@lru_cache(maxsize=1)
def _causes(folder: Path = SEEDS_FOLDER) -> Mapping[str, str]:
    (found,) = folder.rglob("termination_causes.csv")
    with found.open(encoding="utf-8", newline="") as lines:
        return {row["termination_code"]: row["failure_cause"] for row in csv.DictReader(lines)}
