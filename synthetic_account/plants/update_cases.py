"""Updates of pipelines: in several slices, tried again, cancelled, running, and started by a job."""

from __future__ import annotations

from synthetic_account.deliveries import UPDATES
from synthetic_account.parts import Parts
from synthetic_account.pipelines import Pipeline
from synthetic_account.plants.cases import Case, Facts, Key, Planted
from synthetic_account.plants.entities import planted_pipeline
from synthetic_account.plants.records import Record, RecordWriter, Subject
from synthetic_account.plants.run_maker import SUCCESS, RunMaker
from synthetic_account.runs import SUCCEEDED, Leg
from synthetic_account.updates import CANCELED, COMPLETED, FAILED, Update
from synthetic_account.usage import hours_between
from synthetic_account.window import HOUR, time_text

_TABLE = ("main", "planted", "orders")


class _Maker:
    """Makes the pipeline and the updates of one case."""

    def __init__(self, parts: Parts, case: str) -> None:
        self.parts = parts
        self.stream = parts.root.part("plant", case, "updates")
        self.pipeline: Pipeline = planted_pipeline(parts, case)
        self._writer = RecordWriter(parts, case)

    def update(
        self,
        start: int,
        end: int | None,
        state: str | None,
        *,
        request_id: str | None = None,
        update_type: str = "REFRESH",
        trigger_type: str = "USER_ACTION",
        job_task: tuple[str, str] | None = None,
        full_refresh: bool = False,
    ) -> Update:
        update = Update(
            self.pipeline,
            self.stream.uuid(),
            request_id or self.stream.uuid(),
            start,
            end,
            state,
            update_type,
            trigger_type,
            job_task,
            tables=() if full_refresh else (_TABLE,),
            full_tables=(_TABLE,) if full_refresh else (),
            reset_flows=("main.planted.orders_flow",) if full_refresh else (),
        )
        self.parts.updates.write(update)
        return update

    def bill(self, update: Update, until: int) -> list[Record]:
        """Write the hours of an update: 12 DBU each, less where an hour is not full."""
        subject = Subject(
            self.parts.book.plan("ENTERPRISE_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA", "AWS"),
            self.pipeline.workspace.workspace_id,
            "DLT",
            metadata={"dlt_pipeline_id": self.pipeline.pipeline_id, "dlt_update_id": update.update_id},
            features={"is_serverless": True, "is_photon": True},
        )
        return [
            self._writer.write(subject, low, str(used // 300), self.parts.window.day_of(high))
            for low, high, used in hours_between(update.start, until)
        ]


def _facts(update: Update, **more: object) -> Facts:
    """What one row an update must say."""
    finished = update.state is not None and update.end is not None
    return {
        "workspace_id": update.pipeline.workspace.workspace_id,
        "pipeline_id": update.pipeline.pipeline_id,
        "update_id": update.update_id,
        "update_type": update.update_type,
        "request_id": update.request_id,
        "trigger_type": update.trigger_type,
        "update_start_time": time_text(update.start),
        "update_end_time": time_text(update.end) if finished and update.end is not None else None,
        "duration_seconds": update.end - update.start if finished and update.end is not None else None,
        "result_state": update.state,
        "is_finished": finished,
        **more,
    }


def _planted(expect: str, updates: list[Facts], **more: object) -> Planted:
    keys: list[Key] = [{name: str(one[name]) for name in ("workspace_id", "update_id")} for one in updates]
    return Planted(UPDATES, keys, expect, {"updates": updates, **more})


def _several_slices(parts: Parts) -> Planted:
    maker = _Maker(parts, "update_over_midnight")
    start, end = parts.window.at(1, 22, 15), parts.window.at(2, 1, 40)
    update = maker.update(start, end, COMPLETED)
    records = maker.bill(update, end)
    return _planted(
        "one update from its four slices, on the day it started",
        [_facts(update, slices=4, status_group="succeeded")],
        records=[record.money for record in records],
    )


def _tried_again(parts: Parts) -> Planted:
    maker = _Maker(parts, "update_tried_again")
    at = parts.window.at(1, 6)
    first = maker.update(at, at + 600, FAILED)
    retries = [
        maker.update(start, start + 600, state, request_id=first.request_id, trigger_type="RETRY_ON_FAILURE")
        for start, state in ((at + 660, FAILED), (at + 1320, COMPLETED))
    ]
    updates = [first, *retries]
    records = [record for update in updates for record in maker.bill(update, update.start + 600)]
    groups = ("failed", "failed", "succeeded")
    return _planted(
        "three updates of one request: two failed, the third did it",
        [_facts(update, status_group=group) for update, group in zip(updates, groups, strict=True)],
        requests=[{"request_id": first.request_id, "updates": 3, "retries": 2}],
        records=[record.money for record in records],
    )


def _cancelled(parts: Parts) -> Planted:
    maker = _Maker(parts, "update_cancelled")
    start = parts.window.at(1, 7)
    update = maker.update(start, start + 900, CANCELED)
    return _planted("cancelled, spelled with one L", [_facts(update, status_group="cancelled")])


def _running(parts: Parts) -> Planted:
    maker = _Maker(parts, "update_still_running")
    start = parts.window.at(parts.window.days - 1, 5, 30)
    update = maker.update(start, None, None)
    return _planted("no result yet: end, duration and state are NULL", [_facts(update, status_group=None)])


def _validated(parts: Parts) -> Planted:
    maker = _Maker(parts, "update_of_each_type")
    at = parts.window.at(1, 8)
    updates = [
        maker.update(at, at + 700, COMPLETED, update_type="FULL_REFRESH", full_refresh=True),
        maker.update(at + HOUR, at + HOUR + 45, COMPLETED, update_type="VALIDATE"),
        maker.update(at + 2 * HOUR, at + 2 * HOUR, CANCELED, trigger_type="SERVICE_UPGRADE"),
    ]
    groups = ("succeeded", "succeeded", "cancelled")
    return _planted(
        "each type is kept; one that never started lasted 0 seconds",
        [_facts(update, status_group=group) for update, group in zip(updates, groups, strict=True)],
    )


def _by_a_job(parts: Parts) -> Planted:
    case = "update_started_by_a_job"
    maker, runs = _Maker(parts, case), RunMaker(parts, case, tasks=("refresh",))
    at = parts.window.at(1, 9)
    attempt = runs.attempt("refresh", at, at + 1200, SUCCEEDED, SUCCESS)
    run = runs.run((Leg(at, at + 1200, SUCCEEDED, SUCCESS, (attempt,)),))
    update = maker.update(
        at + 20, at + 1190, COMPLETED, trigger_type="JOB_TASK", job_task=(run.job_id, attempt.run_id)
    )
    records = maker.bill(update, at + 1190)
    return _planted(
        "names the job and the task run that started it; its cost is the pipeline's",
        [_facts(update, status_group="succeeded")],
        job_id=run.job_id,
        job_run_id=run.run_id,
        job_task_run_id=attempt.run_id,
        records=[record.money for record in records],
    )


CASES = (
    Case("update_over_midnight", _several_slices),
    Case("update_tried_again", _tried_again),
    Case("update_cancelled", _cancelled),
    Case("update_still_running", _running, days=2),
    Case("update_of_each_type", _validated),
    Case("update_started_by_a_job", _by_a_job),
)
