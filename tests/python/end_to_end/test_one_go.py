"""An account of forty-five days, built in one go, gives what the rules say and passes its own tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from end_to_end.project_run import ProjectRun

pytestmark = pytest.mark.warehouse


def test_every_row_is_right(reported: ProjectRun, reported_account: Path) -> None:
    reported.assert_as_expected(reported_account)


def test_all_tests_of_the_project_pass(reported: ProjectRun) -> None:
    reported.dbt("test", "--exclude", "test_type:unit")
