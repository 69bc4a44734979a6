"""Updates of pipelines: their slices, and the hours they are billed for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthetic_account.deliveries import UPDATES, Deliveries
from synthetic_account.pipelines import Pipeline
from synthetic_account.runs import RUNNING, slices
from synthetic_account.streams import Stream
from synthetic_account.usage import Meter, day_factor, fragment, hourly_quantity, hours_between
from synthetic_account.window import HOUR, Window, time_text

COMPLETED, FAILED, CANCELED = "COMPLETED", "FAILED", "CANCELED"

_OUTCOMES = ((COMPLETED, 93), (FAILED, 5), (CANCELED, 2))
_CONTINUOUS_SINCE = 3
"""How many days before the window the updates of continuous pipelines began."""


@dataclass(frozen=True)
class Update:
    """One update of a pipeline.

    Attributes:
        update_id: Its own id; an automatic retry has another.
        request_id: What it was started for; an automatic retry shares it.
        start: Seconds since 1970.
        end: Seconds since 1970; None: it is still running.
        state: `COMPLETED`, `FAILED` or `CANCELED`; None while it is running.
        update_type: REFRESH, FULL_REFRESH or VALIDATE.
        trigger_type: What started it.
        job_task: Job id and task run id of the job task that started it, if one did.
        tables: Names of the tables refreshed, as catalog, schema and table; none: all of them.
        full_tables: Names of the tables refreshed from nothing.
        reset_flows: Flows whose checkpoints were reset.
        latency: Seconds until a slice appears in the source.
    """

    pipeline: Pipeline
    update_id: str
    request_id: str
    start: int
    end: int | None
    state: str | None
    update_type: str = "REFRESH"
    trigger_type: str = "USER_ACTION"
    job_task: tuple[str, str] | None = None
    tables: tuple[tuple[str, str, str], ...] = ()
    full_tables: tuple[tuple[str, str, str], ...] = ()
    reset_flows: tuple[str, ...] = ()
    latency: int = HOUR


class UpdateWriter:
    """Writes the slices of updates.

    Attributes:
        states: How many updates the source knows by the state of the newest slice.
    """

    def __init__(self, account_id: str, window: Window, deliveries: Deliveries) -> None:
        """Take where lines go.

        Args:
            account_id: Of the account.
            window: Its days.
            deliveries: Where lines go.
        """
        self._account_id = account_id
        self._window = window
        self._deliveries = deliveries
        self.states: dict[str, int] = {}

    def write(self, update: Update) -> None:
        """Write the slices of an update, each on the day it becomes known."""
        newest = None
        cut = slices(update.start, update.end, self._window.end)
        head = fragment(self._columns(update))
        for number, (low, high) in enumerate(cut):
            day = self._deliveries.arrival(UPDATES, self._window.day_of(high + update.latency))
            if day is None:
                break
            newest = RUNNING
            line = (
                f'{{{head}, "period_start_time": "{time_text(low)}", "period_end_time": "{time_text(high)}"'
            )
            if update.state is not None and number == len(cut) - 1:
                line += f', "result_state": "{update.state}"'
                newest = update.state
            self._deliveries.add(UPDATES, day, line + "}\n")
        if newest is not None:
            self.states[newest] = self.states.get(newest, 0) + 1

    def _columns(self, update: Update) -> dict[str, object]:
        pipeline = update.pipeline
        details = None
        if update.job_task is not None:
            job_id, task_run_id = update.job_task
            details = {
                "job_task": {
                    "job_id": job_id,
                    "job_task_run_id": task_run_id,
                    "performance_target": "STANDARD",
                }
            }
        if pipeline.cluster_id is None:
            compute = {"type": "SERVERLESS_COMPUTE"}
        else:
            compute = {"type": "CLASSIC_COMPUTE", "cluster_id": pipeline.cluster_id}
        return {
            "account_id": self._account_id,
            "workspace_id": pipeline.workspace.workspace_id,
            "pipeline_id": pipeline.pipeline_id,
            "update_id": update.update_id,
            "update_type": update.update_type,
            "request_id": update.request_id,
            "run_as_user_name": pipeline.run_as,
            "trigger_type": update.trigger_type,
            "trigger_details": details,
            "compute": compute,
            "refresh_selection": _selection(update.tables),
            "full_refresh_selection": _selection(update.full_tables),
            "reset_checkpoint_selection": list(update.reset_flows),
        }


def _selection(tables: Sequence[tuple[str, str, str]]) -> list[dict[str, str]]:
    names = ("table_catalog", "table_schema", "table_name")
    return [dict(zip(names, table, strict=True)) for table in tables]


def run_pipelines(
    pipelines: Sequence[Pipeline],
    window: Window,
    day: int,
    writer: UpdateWriter,
    meter: Meter,
    stream: Stream,
) -> None:
    """Write all updates that start on a day, and their billing records.

    Args:
        pipelines: All of them.
        window: The days of the account.
        day: Which day.
        writer: Writes the slices.
        meter: Writes the billing records.
        stream: The random numbers of this part; each day has its own.
    """
    own, outcomes = stream.part("day", day), stream.part("outcomes", day)
    for pipeline in pipelines:
        gone = pipeline.ends()
        midnight = window.at(day)
        if not pipeline.workspace.has_work(day) or (gone is not None and midnight >= gone):
            continue
        rate = pipeline.rate * day_factor(window, day, 80) // 1000
        if pipeline.continuous:
            update_id = stream.part("update", pipeline.pipeline_id).uuid()
            thing = pipeline.billed(update_id)
            for hour in range(24):
                start = midnight + hour * HOUR
                meter.hour(thing, start, start + HOUR, rate * own.between(800, 1200) // 1000, own)
            if day == max(0, pipeline.workspace.opens):
                writer.write(_continuous(pipeline, update_id, window, gone))
            continue
        for second in pipeline.starts:
            start = midnight + second + own.below(90)
            if gone is not None and start >= gone:
                break
            seconds = pipeline.seconds * own.between(700, 1500) // 1000
            update_id = own.uuid()
            _bill(pipeline, update_id, start, start + seconds, rate, meter, own)
            _finish(pipeline, update_id, start, seconds, rate, writer, meter, outcomes)
        if pipeline.starts and own.chance(0.15):
            thing = pipeline.billed("", maintenance_id=own.uuid())
            meter.hour(thing, midnight + 22 * HOUR, midnight + 23 * HOUR, hourly_quantity(rate, 300), own)


def _bill(
    pipeline: Pipeline, update_id: str, start: int, end: int, rate: int, meter: Meter, stream: Stream
) -> None:
    thing = pipeline.billed(update_id)
    for low, high, used in hours_between(start, end):
        meter.hour(thing, low, high, hourly_quantity(rate, used), stream)


def _continuous(pipeline: Pipeline, update_id: str, window: Window, gone: int | None) -> Update:
    """Return the one update of a continuous pipeline; a deletion or the end of its workspace cancels it."""
    left = pipeline.workspace.leaves
    ends = [end for end in (gone, None if left is None else window.at(left)) if end is not None]
    start = window.at(pipeline.workspace.opens)
    if pipeline.workspace.opens == 0:
        start = max(pipeline.versions[0][0], window.at(-_CONTINUOUS_SINCE))
    return Update(
        pipeline,
        update_id,
        request_id=update_id,
        start=start,
        end=min(ends) if ends else None,
        state=CANCELED if ends else None,
        trigger_type="START_RESOURCES",
    )


def _finish(
    pipeline: Pipeline,
    update_id: str,
    start: int,
    seconds: int,
    rate: int,
    writer: UpdateWriter,
    meter: Meter,
    stream: Stream,
) -> None:
    """Write how an ordinary update ends; most of the failed ones are tried once more, which is billed too."""
    state = stream.weighted(_OUTCOMES)
    request_id = stream.uuid()
    trigger = "DBSQL_REQUEST" if pipeline.is_sql else "API_CALL"
    update_type = "FULL_REFRESH" if stream.chance(0.03) else "REFRESH"
    end = start + seconds
    writer.write(Update(pipeline, update_id, request_id, start, end, state, update_type, trigger))
    if state == FAILED and stream.chance(0.7):
        retry_id, again = stream.uuid(), end + stream.between(30, 120)
        _bill(pipeline, retry_id, again, again + seconds, rate, meter, stream)
        writer.write(
            Update(
                pipeline,
                retry_id,
                request_id,
                again,
                again + seconds,
                COMPLETED if stream.chance(0.8) else FAILED,
                update_type,
                "RETRY_ON_FAILURE",
            )
        )
