"""Runs whose slices come in an odd order, name several clusters, or spell their states oddly."""

from __future__ import annotations

from dataclasses import replace

from synthetic_account.deliveries import JOB_RUNS, TASK_RUNS
from synthetic_account.jobs import CLASSIC
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Key, Planted
from synthetic_account.plants.run_maker import BROKEN, SUCCESS, RunMaker, run_facts, run_key
from synthetic_account.runs import FAILED, SUCCEEDED, Attempt, Leg, Run
from synthetic_account.window import DAY, HOUR, date_text, time_text


def _planted(expect: str, runs: list[Facts], table: str = JOB_RUNS, **more: object) -> Planted:
    names = ("workspace_id", "job_id", "run_id")
    keys: list[Key] = [{name: str(run[name]) for name in names} for run in runs]
    return Planted(table, keys, expect, {"runs": runs, **more})


def _attempt_facts(run: Run, attempt: Attempt, number: int, before: Attempt | None) -> Facts:
    return {
        "workspace_id": run.job.workspace.workspace_id,
        "job_id": run.job_id,
        "job_run_id": run.run_id,
        "run_id": attempt.run_id,
        "task_key": attempt.task_key,
        "attempt_number": number,
        "previous_run_id": None if before is None else before.run_id,
        "result_state": attempt.state,
    }


def _first_slice_late(parts: Parts) -> Planted:
    maker = RunMaker(parts, "first_slices_come_late")
    start, midnight, end = parts.window.at(1, 22, 30), parts.window.at(2), parts.window.at(2, 1, 30)
    known = maker.leg(midnight, end, SUCCEEDED, SUCCESS)
    run = maker.run((known,), is_metered=False)
    (task,) = known.attempts
    earlier = replace(task, start=start, end=midnight, state=None, code=None, continues=True)
    maker.run(
        (Leg(start, midnight, None, None, (earlier,)),),
        run_id=run.run_id,
        latency=2 * DAY,
        continues=True,
        is_metered=False,
    )
    whole = run_facts(run, slices=4)
    moved: Facts = {"run_start_time": time_text(start), "duration_seconds": end - start}
    return _planted(
        "begins a day earlier than was known at first, and moves to that day",
        [whole | moved],
        start_date=date_text(start),
        start_date_at_first=date_text(midnight),
        task={"run_id": task.run_id, "task_start_time": time_text(start), "duration_seconds": end - start},
    )


def _states(parts: Parts) -> Planted:
    maker = RunMaker(parts, "states_in_other_cases")
    at = parts.window.at(1, 20)
    states = (
        ("succeeded", "succeeded"),
        ("Failed", "failed"),
        (" TIMED_OUT ", "failed"),
        ("canceled", "cancelled"),
        ("Skipped", "skipped"),
        ("blocked", "skipped"),
        ("TIMEDOUT", "other"),
    )
    runs = [
        run_facts(maker.run((maker.leg(at, at + 60, state, SUCCESS),)), status_group=group)
        for state, group in states
    ]
    return _planted("the source's spelling stays; the group does not depend on case or blanks", runs)


def _several_clusters(parts: Parts) -> Planted:
    maker = RunMaker(parts, "run_on_several_clusters", compute=CLASSIC)
    at, later, end = parts.window.at(1, 15, 20), parts.window.at(1, 17), parts.window.at(1, 17, 40)
    clusters = ("0101-000002-severalb", "0101-000001-severala")
    # The source names compute on few runs: those of which the id ends in less than 05.
    run_id = maker.stream.digits(13) + "01"
    maker.run((Leg(at, later, None, None),), run_id=run_id, cluster_id=clusters[0], is_metered=False)
    maker.run(
        (Leg(later, end, SUCCEEDED, SUCCESS),),
        run_id=run_id,
        cluster_id=clusters[1],
        continues=True,
        is_metered=False,
    )
    whole = Run(maker.job, maker.job.job_id, run_id, (Leg(at, end, SUCCEEDED, SUCCESS),))
    return _planted(
        "names the clusters of all its slices, each once and in order",
        [run_facts(whole, compute_ids=sorted(clusters), cluster_ids=sorted(clusters))],
    )


def _named_at_first(parts: Parts) -> Planted:
    maker = RunMaker(parts, "run_named_in_older_slices")
    maker.job.submitted = True
    start = parts.window.at(1, 10, 20)
    noon = parts.window.at(1, 12)
    first = maker.run(
        (Leg(start, noon, None, None),),
        run_type="SUBMIT_RUN",
        run_name="planted name of older slices",
        is_metered=False,
    )
    maker.run(
        (Leg(noon, noon + 600, SUCCEEDED, SUCCESS),),
        run_id=first.run_id,
        run_type="SUBMIT_RUN",
        continues=True,
        is_metered=False,
    )
    whole = Run(
        maker.job, first.job_id, first.run_id, (Leg(start, noon + 600, SUCCEEDED, SUCCESS),), "SUBMIT_RUN"
    )
    return _planted(
        "the newest slice that has a name gives it, not the newest slice",
        [run_facts(whole, run_name="planted name of older slices")],
    )


def _repair_attempts(parts: Parts) -> Planted:
    tasks = ("extract", "publish")
    maker = RunMaker(parts, "attempts_by_a_repair", tasks=tasks)
    at = parts.window.at(1, 11)
    again = at + 2 * HOUR
    one = maker.attempt("extract", at, at + 300, SUCCEEDED, SUCCESS)
    two = maker.attempt("publish", at + 300, at + 500, FAILED, BROKEN)
    three = maker.attempt("publish", at + 530, at + 700, FAILED, BROKEN)
    four = maker.attempt("publish", again, again + 200, SUCCEEDED, SUCCESS)
    run = maker.run(
        (
            Leg(at, at + 700, FAILED, BROKEN, (one, two, three)),
            Leg(again, again + 200, SUCCEEDED, SUCCESS, (four,)),
        )
    )
    facts = [
        _attempt_facts(run, one, 1, None),
        _attempt_facts(run, two, 1, None),
        _attempt_facts(run, three, 2, two),
        _attempt_facts(run, four, 3, three),
    ]
    return _planted(
        "what a repair runs again is an attempt like any other",
        facts,
        TASK_RUNS,
        job_run=run_facts(run, task_retry_count=2),
    )


def _started_together(parts: Parts) -> Planted:
    maker = RunMaker(parts, "attempts_started_together")
    at = parts.window.at(1, 11)
    ids = sorted(maker.stream.digits(15) for _ in range(2))
    attempts = (
        Attempt(ids[1], "main", at, at + 100, SUCCEEDED, SUCCESS),
        Attempt(ids[0], "main", at, at + 50, FAILED, BROKEN),
    )
    run = maker.run((Leg(at, at + 100, SUCCEEDED, SUCCESS, attempts),))
    facts = [
        _attempt_facts(run, attempts[1], 1, None),
        _attempt_facts(run, attempts[0], 2, attempts[1]),
    ]
    return _planted("attempts that start in one second are numbered by run_id", facts, TASK_RUNS)


def _other_workspace(parts: Parts) -> Planted:
    """A run of a job whose row is in another workspace: ids hold within a workspace only."""
    home = RunMaker(parts, "job_row_in_another_workspace", job_id="740000000000002")
    away = RunMaker(parts, "job_row_in_another_workspace", workspace="analytics-eu", job_id="740000000000002")
    away.job.submitted = True
    at = parts.window.at(1, 18)
    run = away.run(
        (away.leg(at, at + 600, SUCCEEDED, SUCCESS),), run_type="SUBMIT_RUN", run_name="planted far from home"
    )
    return _planted(
        "has no job of its own workspace, and does not take the one of the other",
        [run_facts(run)],
        job=run_key(run) | {"known_in_workspace_id": home.job.workspace.workspace_id},
    )


CASES = (
    Case("first_slices_come_late", _first_slice_late),
    Case("states_in_other_cases", _states),
    Case("run_on_several_clusters", _several_clusters),
    Case("run_named_in_older_slices", _named_at_first),
    Case("attempts_by_a_repair", _repair_attempts),
    Case("attempts_started_together", _started_together),
    Case("job_row_in_another_workspace", _other_workspace),
)
