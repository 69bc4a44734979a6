"""What resolving the tags of all usage costs beside one plain join of the same tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from steps import step

from benchmarks.accounts import generate
from benchmarks.tables import Verdict, paired, ratio, seconds, show
from benchmarks.trial import CATALOG, Cost, Trial

#: How much longer resolving may take than the join.
GOAL = 2.0
#: Rounds before those that count, in which Java compiles what runs often: straight on Spark, its compiler was
#: busy with the model for 16 seconds in the first round, for 3 in the fifth and for 2 in the sixth.
_WARMING = 5
_MODEL = "slv_usage_tags"
_JOINED = f"{CATALOG}.bench.usage_joined"


@dataclass(frozen=True)
class Plan:
    """The account to measure with.

    Attributes:
        size: Its size, as the generator names it.
        days: Its days.
        warehouse_size: The warehouse's Spark settings.
    """

    size: str
    days: int
    warehouse_size: str


#: About a million and about 70,000 usage rows.
FULL = Plan("medium", 45, "large")
QUICK = Plan("medium", 3, "small")


def measure(folder: Path, project: Path, plan: Plan, rounds: int) -> list[Verdict]:
    """Measure and print.

    Both write a Delta table of the same rows, partitioned alike. The model is built anew each time: it
    reads all usage. The join only puts the tags of each level beside those of the usage, from the same tables
    but for the seeds of spellings, which nothing can be joined to without folding a tag first.

    Args:
        folder: Scratch space.
        project: The copy of the project to run from.
        plan: The account.
        rounds: How often; both are run in each round.

    Returns:
        Of the model's processor time over the join's, the median ratio.

    Raises:
        StepFailed: A program failed.
    """
    with step(f"Generating {plan.days} days of the {plan.size} account"):
        account = generate(folder / "account", plan.size, plan.days)
    trial = Trial(folder / "trial", project)
    model: list[Cost] = []
    join: list[Cost] = []
    try:
        with step("Starting the warehouse and delivering"):
            trial.up(plan.warehouse_size)
            trial.deliver(account)
        with step("Building what the tags are made of"):
            trial.build(2, "--select", f"+{_MODEL}", "--exclude", _MODEL)
        usage = trial.rows(f"select count(*) as found from {CATALOG}.plt_silver.slv_usage")[0]["found"]
        trial.rows(f"create schema if not exists {CATALOG}.bench")
        for number in range(rounds + _WARMING):
            with step(f"Joining, {_round(number, rounds)}"):
                join.append(trial.statement(_join()))
            with step(f"Building {_MODEL}, {_round(number, rounds)}"):
                model.append(trial.build(1, "--select", _MODEL, "--full-refresh").nodes[_MODEL])
        _same_rows(trial)
    finally:
        trial.down()
    return _report(usage, model[_WARMING:], join[_WARMING:])


def _round(number: int, rounds: int) -> str:
    counted = number - _WARMING + 1
    return f"round {counted} of {rounds}" if counted > 0 else "to warm up"


def _join() -> str:
    """Give the statement that joins the tags of each level to usage, as of its start."""
    levels = {"cluster": "slv_clusters", "job": "slv_jobs", "pipeline": "slv_pipelines"}
    silver = f"{CATALOG}.plt_silver"
    columns = "".join(f", {level}.tags as {level}_tags" for level in levels)
    joins = "".join(
        f"""
        left join (
            select
                workspace_id, {level}_id, tags, valid_from,
                lead(valid_from) over versions as next_from,
                row_number() over versions as version_number
            from {silver}.{table}
            window versions as (partition by workspace_id, {level}_id order by valid_from)
        ) as {level}
            on usage.workspace_id = {level}.workspace_id and usage.{level}_id = {level}.{level}_id
            and (usage.usage_start_time >= {level}.valid_from or {level}.version_number = 1)
            and (usage.usage_start_time < {level}.next_from or {level}.next_from is null)"""
        for level, table in levels.items()
    )
    return f"""
        create or replace table {_JOINED} using delta partitioned by (date_key) as
        select
            usage.record_id, usage.record_type, usage.custom_tags{columns}, workspace.tags as workspace_tags,
            usage.date_key
        from {silver}.slv_usage as usage{joins}
        left join (
            select workspace_id, map_from_entries(collect_list(struct(tag_key, tag_value))) as tags
            from {silver}.workspace_default_tags
            group by workspace_id
        ) as workspace
            on usage.workspace_id = workspace.workspace_id
    """


def _same_rows(trial: Trial) -> None:
    """Check that both gave one row for each usage record: else they do not compare."""
    found = [
        trial.rows(f"select count(*) as found from {table}")[0]["found"]
        for table in (_JOINED, f"{CATALOG}.plt_silver.{_MODEL}", f"{CATALOG}.plt_silver.slv_usage")
    ]
    assert len(set(found)) == 1, f"joined, resolved and given rows differ: {found}"


def _report(usage: int, model: list[Cost], join: list[Cost]) -> list[Verdict]:
    rows = []
    for label, kind in (("processor", "processor"), ("clock", "wall")):
        of_model, of_join = ([getattr(cost, kind) for cost in costs] for costs in (model, join))
        rows.append([label, seconds(of_join), seconds(of_model), ratio(of_model, of_join)])
    show(
        f"Tags of {usage:,} usage records in one go; medians of {len(model)} rounds",
        ["", "plain join s", f"{_MODEL} s", "ratio"],
        rows,
    )
    result = median(paired([of.processor for of in model], [of.processor for of in join]))
    return [Verdict("tags of all usage to one plain join", result, GOAL)]
