"""Runs: over midnight, running, never started, repaired, tried again, and known only from one side."""

from __future__ import annotations

from synthetic_account.deliveries import JOB_RUNS, TASK_RUNS, USAGE
from synthetic_account.jobs import CLASSIC
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Key, Planted
from synthetic_account.plants.records import RecordWriter, jobs_subject
from synthetic_account.plants.run_maker import BROKEN, SUCCESS, RunMaker, run_facts
from synthetic_account.runs import BLOCKED, CANCELLED, FAILED, SKIPPED, SUCCEEDED, Leg, slices
from synthetic_account.window import DAY, HOUR, time_text


def _planted(expect: str, runs: list[Facts], table: str = JOB_RUNS, **more: object) -> Planted:
    names = ("workspace_id", "job_id", "run_id")
    keys: list[Key] = [{name: str(run[name]) for name in names} for run in runs]
    return Planted(table, keys, expect, {"runs": runs, **more})


def _over_midnight(parts: Parts) -> Planted:
    maker = RunMaker(parts, "run_over_midnight", compute=CLASSIC)
    start, end = parts.window.at(1, 21, 30), parts.window.at(2, 3, 20)
    run = maker.run((maker.leg(start, end, SUCCEEDED, SUCCESS),))
    cut = slices(start, end, parts.window.end)
    return _planted(
        "one run from its hourly slices, on the day it started",
        [run_facts(run, slices=len(cut))],
    )


def _running(parts: Parts) -> Planted:
    maker = RunMaker(parts, "run_still_running")
    start = parts.window.at(parts.window.days - 1, 9, 20)
    run = maker.run((maker.leg(start, None, None, None),))
    return _planted("no result yet: end, duration and state are NULL", [run_facts(run)])


def _never_started(parts: Parts) -> Planted:
    maker = RunMaker(parts, "run_never_started")
    at = parts.window.at(1, 12)
    runs = [
        maker.run((maker.leg(at, at, SKIPPED, "MAX_CONCURRENT_RUNS_EXCEEDED"),)),
        maker.run((maker.leg(at + HOUR, at + HOUR, BLOCKED, "MAX_JOB_QUEUE_SIZE_EXCEEDED"),)),
    ]
    return _planted("finished, with a duration of 0 and no usage", [run_facts(run) for run in runs])


def _repaired(parts: Parts) -> Planted:
    maker = RunMaker(parts, "run_repaired")
    at = parts.window.at(1, 13)
    once = (
        maker.leg(at, at + 1800, FAILED, BROKEN),
        maker.leg(at + HOUR, at + 2 * HOUR, SUCCEEDED, SUCCESS),
    )
    start = at + 600
    twice = (
        maker.leg(start, start + 900, FAILED, BROKEN),
        maker.leg(start + HOUR, start + HOUR + 900, FAILED, "CLUSTER_ERROR"),
        maker.leg(start + 3 * HOUR, start + 4 * HOUR, SUCCEEDED, SUCCESS),
    )
    runs = [maker.run(once), maker.run(twice)]
    return _planted(
        "several results under one run_id: the last one holds, one less than that are repairs",
        [run_facts(run) for run in runs],
    )


def _repair_running(parts: Parts) -> Planted:
    maker = RunMaker(parts, "repair_still_running")
    at = parts.window.at(parts.window.days - 1, 4)
    legs = (maker.leg(at, at + 1800, FAILED, BROKEN), maker.leg(at + 4 * HOUR, None, None, None))
    run = maker.run(legs)
    return _planted("running again, not failed: slices follow the last result", [run_facts(run)])


def _tried_again(parts: Parts) -> Planted:
    tasks = ("extract", "publish")
    maker = RunMaker(parts, "task_tried_again", tasks=tasks)
    at = parts.window.at(1, 14)
    attempts = (
        maker.attempt("extract", at, at + 300, FAILED, BROKEN),
        maker.attempt("extract", at + 330, at + 600, FAILED, BROKEN),
        maker.attempt("extract", at + 630, at + 1200, SUCCEEDED, SUCCESS),
        maker.attempt("publish", at + 1200, at + 1500, SUCCEEDED, SUCCESS),
    )
    run = maker.run((Leg(at, at + 1500, SUCCEEDED, SUCCESS, attempts),))
    numbers = (1, 2, 3, 1)
    facts: list[Facts] = [
        {
            "workspace_id": run.job.workspace.workspace_id,
            "job_id": run.job_id,
            "job_run_id": run.run_id,
            "run_id": attempt.run_id,
            "task_key": attempt.task_key,
            "attempt_number": number,
            "result_state": attempt.state,
        }
        for attempt, number in zip(attempts, numbers, strict=True)
    ]
    return _planted(
        "three attempts of the first task, each with a run_id of its own; two of them are retries",
        facts,
        TASK_RUNS,
        job_run=run_facts(run, task_retry_count=2),
    )


def _submitted(parts: Parts) -> Planted:
    maker = RunMaker(parts, "submitted_run")
    maker.job.submitted = True
    at = parts.window.at(1, 15)
    legs = (maker.leg(at, at + 700, SUCCEEDED, SUCCESS),)
    run = maker.run(legs, run_type="SUBMIT_RUN", run_name="planted one-time submission")
    return _planted("a run without a row in jobs: kept, named by run_name", [run_facts(run)])


def _notebook_run(parts: Parts) -> Planted:
    maker = RunMaker(parts, "workflow_run")
    at = parts.window.at(1, 16)
    legs = (Leg(at, at + 200, SUCCEEDED, SUCCESS),)
    own_id = maker.stream.digits(15)
    run = maker.run(legs, run_type="WORKFLOW_RUN", run_name="planted child notebook", job_id=own_id)
    return _planted("a run without tasks, usage or a row in jobs", [run_facts(run)])


def _same_ids(parts: Parts) -> Planted:
    one = RunMaker(parts, "same_job_id_in_two_workspaces", job_id="740000000000001")
    other = RunMaker(
        parts, "same_job_id_in_two_workspaces", workspace="analytics-eu", job_id="740000000000001"
    )
    at = parts.window.at(1, 17)
    runs = [
        one.run((one.leg(at, at + 1000, SUCCEEDED, SUCCESS),), run_id="740000000000101"),
        other.run((other.leg(at, at + 2000, FAILED, BROKEN),), run_id="740000000000101"),
    ]
    return _planted(
        "two jobs and two runs: ids hold within a workspace only", [run_facts(run) for run in runs]
    )


def _unseen(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "usage_of_a_run_the_timeline_lacks")
    maker = RunMaker(parts, "usage_of_a_run_the_timeline_lacks")
    run_id = maker.stream.digits(15)
    subject = jobs_subject(
        parts, maker.job.workspace, "ENTERPRISE_JOBS_COMPUTE", job_id=maker.job.job_id, job_run_id=run_id
    )
    record = writer.write(subject, parts.window.at(1, 18), "2", 1)
    return Planted(
        USAGE,
        [record.key],
        "the run has a cost, and no row in the timeline",
        {"job_id": maker.job.job_id, "job_run_id": run_id, "records": [record.money]},
    )


def _spellings(parts: Parts) -> Planted:
    maker = RunMaker(parts, "spellings_of_states")
    at = parts.window.at(1, 19)
    states = (
        (CANCELLED, "CANCELLED", "cancelled"),
        ("CANCELED", "CANCELLED", "cancelled"),
        ("TIMED_OUT", BROKEN, "failed"),
        ("ERROR", "INTERNAL_ERROR", "failed"),
        ("SUCCESS_WITH_FAILURES", "SUCCESS", "other"),
    )
    facts = [
        run_facts(maker.run((maker.leg(at, at + 60, state, code),)), status_group=group)
        for state, code, group in states
    ]
    return _planted("states pass through as they are; unknown ones are grouped as other", facts)


def _late_result(parts: Parts) -> Planted:
    maker = RunMaker(parts, "last_slice_comes_late")
    start = parts.window.at(1, 9, 10)
    noon = parts.window.at(1, 12)
    first = maker.run((Leg(start, noon, None, None),))
    run = maker.run(
        (Leg(noon, noon + 900, SUCCEEDED, SUCCESS),), run_id=first.run_id, latency=2 * DAY, continues=True
    )
    whole = run_facts(run, slices=4)
    whole |= {"run_start_time": time_text(start), "duration_seconds": noon + 900 - start}
    return _planted("running for two deliveries, then finished: the last slice comes late", [whole])


CASES = (
    Case("run_over_midnight", _over_midnight),
    Case("run_still_running", _running),
    Case("run_never_started", _never_started),
    Case("run_repaired", _repaired),
    Case("repair_still_running", _repair_running),
    Case("task_tried_again", _tried_again),
    Case("submitted_run", _submitted),
    Case("workflow_run", _notebook_run),
    Case("same_job_id_in_two_workspaces", _same_ids),
    Case("usage_of_a_run_the_timeline_lacks", _unseen),
    Case("spellings_of_states", _spellings),
    Case("last_slice_comes_late", _late_result),
)
