"""What Spark makes of the model slv_usage_tags: what it costs hangs on it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tags.resolving import Case, Resolver

pytestmark = pytest.mark.warehouse


@pytest.fixture(scope="module")
def plan(resolver: Resolver) -> Any:
    """The physical plan with which rows were computed in several parts."""
    with resolver.shuffling_to(2):
        resolved = resolver.resolved([Case({"CostCenter": "a"}), Case({"team": "b"})])
        assert len(resolved.collect()) == 2
    adaptive = resolved._jdf.queryExecution().executedPlan()
    assert adaptive.isFinalPlan()
    return adaptive.executedPlan()


def test_records_are_shuffled_once_for_both_of_their_uses(plan: Any) -> None:
    shuffles = [line for line in plan.toString().splitlines() if "REPARTITION_BY_COL" in line]
    assert ["ReusedExchange" in line for line in shuffles] == [False, True]


def test_records_are_sorted_by_day_before_they_carry_tags(plan: Any) -> None:
    assert re.match(r"List\(date_key#\d+ ASC", plan.outputOrdering().toString())
    text = plan.toString()
    assert len(re.findall(r"Sort \[date_key#", text)) == 1
    assert text.index("ShuffledHashJoin") < text.index("Sort [date_key#")
