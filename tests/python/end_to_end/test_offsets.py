"""What is committed is what was read, and a range that cannot be read is made up for by reading the table.

On one run model and one snapshot, over Bronze tables that are written to directly.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlparse

import pytest

from end_to_end.project_run import CATALOG, ProjectRun

pytestmark = pytest.mark.warehouse

SLICES = f"{CATALOG}.plt_bronze.brz_lakeflow_job_run_timeline"
JOBS = f"{CATALOG}.plt_bronze.brz_lakeflow_jobs"
STATE = f"{CATALOG}.plt_ops.processing_state"
#: Each consumer with the table it reads.
READS = {"slv_job_runs": SLICES, "slv_jobs": JOBS}
WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
BUILD = ("build", *WITHOUT_TESTS, "--select", *READS)
DAY = 86_400


@pytest.fixture(scope="module")
def project(project: ProjectRun) -> ProjectRun:
    """An account without any source, with the two consumers and what they read, all empty."""
    project.dbt("build", *WITHOUT_TESTS, "--select", *(f"+{name}" for name in READS))
    return project


def test_a_first_build_says_that_it_reads_everything(project: ProjectRun) -> None:
    _insert(project, 1)
    printed = project.dbt(*BUILD, "--full-refresh")
    for name in READS:
        assert printed.count(f"{name} reads all of its tables: full refresh") == 1
    assert _held(project) == {"slv_job_runs": {1}, "slv_jobs": {1}}


def test_what_is_written_while_a_model_runs_is_left_to_the_next_build(project: ProjectRun) -> None:
    """Bronze moves on after a consumer has been compiled and before it commits: the build stands still."""
    _insert(project, 2)
    before = _newest(project)
    project.dbt_with_pauses(
        {
            "Began executing node model.platform_observability.slv_job_runs": lambda: _insert_run(project, 3),
            "Began executing node snapshot.platform_observability.slv_jobs": lambda: _insert_job(project, 3),
        },
        "--log-level",
        "debug",
        *BUILD,
    )
    assert _newest(project) == {name: version + 1 for name, version in before.items()}
    assert _committed(project) == before
    assert _held(project) == {"slv_job_runs": {1, 2}, "slv_jobs": {1, 2}}

    project.dbt(*BUILD)
    assert _committed(project) == _newest(project)
    assert _held(project) == {"slv_job_runs": {1, 2, 3}, "slv_jobs": {1, 2, 3}}


def test_maintenance_of_a_quiet_table_does_not_make_it_read_again(project: ProjectRun) -> None:
    """A vacuum long ago, and one a week later. The offset moves on, so that the log need not go back."""
    built = _versions_of_consumers(project)
    project.fetch(f"vacuum {JOBS}")
    _make_older(project, JOBS, 2 * DAY)
    project.fetch(f"vacuum {SLICES}")
    _make_older(project, SLICES, 8 * DAY)
    project.fetch(f"vacuum {SLICES}")
    printed = project.dbt(*BUILD)
    assert " reads all " not in printed
    assert project.touched_days("slv_job_runs") == []
    assert _committed(project) == _newest(project)
    assert _versions_of_consumers(project) == built


def test_what_left_the_log_or_went_back_is_read_whole(project: ProjectRun) -> None:
    _insert_run(project, 4)
    project.fetch(f"delete from {SLICES} where run_id = '2'")
    project.fetch(f"alter table {SLICES} set tblproperties ('delta.checkpointInterval' = '1')")
    _insert_run(project, 5)
    last = _newest(project)["slv_job_runs"]
    for entry in _log(project, SLICES):
        if int(entry.stem) < last:
            entry.unlink()

    committed = _committed(project)
    _insert_job(project, 4)
    project.fetch(f"update {STATE} set offset_version = 1000 where task = 'slv_jobs'")

    printed = project.dbt(*BUILD)
    first_lost = committed["slv_job_runs"] + 1
    why = f"versions from {first_lost} on are no longer in its log"
    assert f"slv_job_runs reads all of {SLICES}: {why}" in printed
    newest = _newest(project)["slv_jobs"]
    why = f"its version {newest} is older than the committed 1000"
    assert f"slv_jobs reads all of {JOBS}: {why}" in printed
    assert _held(project) == {"slv_job_runs": {1, 3, 4, 5}, "slv_jobs": {1, 2, 3, 4}}
    assert _committed(project) == _newest(project)


def test_what_was_made_anew_or_vacuumed_unseen_is_read_whole(project: ProjectRun) -> None:
    project.fetch(
        f"create or replace table {SLICES} tblproperties ('delta.enableChangeDataFeed' = 'true') as"
        f" select * from {SLICES} where run_id <> '1'"
    )

    project.fetch(f"delete from {JOBS} where job_id = '1'")
    first_lost = _newest(project)["slv_jobs"]
    _insert_job(project, 5)
    _make_older(project, JOBS, 8 * DAY)
    project.fetch(f"update {JOBS} set name = 'renamed', row_hash = 'renamed' where job_id = '2'")
    # As a vacuum would that leaves no trace in the log.
    for file in (_folder(project, JOBS) / "_change_data").rglob("*.parquet"):
        file.unlink()

    printed = project.dbt(*BUILD)
    assert f"slv_job_runs reads all of {SLICES}: the table was created anew since" in printed
    why = f"changes since version {first_lost} may be vacuumed: files are kept for 7 days"
    assert f"slv_jobs reads all of {JOBS}: {why}" in printed
    assert _held(project) == {"slv_job_runs": {3, 4, 5}, "slv_jobs": {2, 3, 4, 5}}
    assert _committed(project) == _newest(project)


def _insert(project: ProjectRun, number: int) -> None:
    _insert_run(project, number)
    _insert_job(project, number)


def _insert_run(project: ProjectRun, number: int) -> None:
    """One slice of one run."""
    project.fetch(
        f"insert into {SLICES} (workspace_id, run_id, period_start_time, period_end_time, date_key, row_hash)"
        f" values ('w', '{number}', timestamp'2026-03-01 10:00:00', timestamp'2026-03-01 10:30:00', 20260301,"
        f" '{number}')"
    )


def _insert_job(project: ProjectRun, number: int) -> None:
    """The first version of a job."""
    project.fetch(
        f"insert into {JOBS} (workspace_id, job_id, name, change_time, date_key, row_hash)"
        f" values ('w', '{number}', 'job', timestamp'2026-03-01 10:00:00', 20260301, '{number}')"
    )


def _held(project: ProjectRun) -> dict[str, set[int]]:
    """The runs and jobs that the consumers hold."""
    runs = project.fetch(f"select run_id from {CATALOG}.plt_silver.slv_job_runs")
    jobs = project.fetch(f"select job_id from {CATALOG}.plt_silver.slv_jobs where valid_to is null")
    return {
        "slv_job_runs": {int(row["run_id"]) for row in runs},
        "slv_jobs": {int(row["job_id"]) for row in jobs},
    }


def _version(project: ProjectRun, table: str) -> int:
    return int(project.fetch(f"describe history {table} limit 1")[0]["version"])


def _newest(project: ProjectRun) -> dict[str, int]:
    """The newest version of what each consumer reads."""
    return {name: _version(project, table) for name, table in READS.items()}


def _versions_of_consumers(project: ProjectRun) -> dict[str, int]:
    return {name: _version(project, f"{CATALOG}.plt_silver.{name}") for name in READS}


def _committed(project: ProjectRun) -> dict[str, int]:
    """The offset of each consumer."""
    tasks = ", ".join(repr(name) for name in READS)
    rows = project.fetch(
        f"select task, offset_version from {STATE} where task in ({tasks})"
        " qualify row_number() over (partition by task order by committed_at desc) = 1"
    )
    return {row["task"]: row["offset_version"] for row in rows}


def _folder(project: ProjectRun, table: str) -> Path:
    return Path(urlparse(project.fetch(f"describe detail {table}")[0]["location"]).path)


def _log(project: ProjectRun, table: str) -> Iterable[Path]:
    """The commits of a table. What Delta takes for the time of one is that of its file."""
    return sorted((_folder(project, table) / "_delta_log").glob("*.json"))


def _make_older(project: ProjectRun, table: str, seconds: int) -> None:
    """Date all commits of a table back."""
    for number, entry in enumerate(_log(project, table)):
        then = time.time() - seconds + number
        os.utime(entry, (then, then))
