"""What the reports say, as tables on the terminal: `python scripts/answers.py --home .demo/warehouse`.

Each table is headed by the question it answers and names the view of `plt_gold` it comes from.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from steps import ROOT, VENV_PYTHON, main, run, say, step

Row = dict[str, str | None]
Show = Callable[[str | None], str]

GOLD = "platform_observability.plt_gold"

#: Cells are cut to this many characters; those of the last column go on in a line of their own.
WIDEST_CELL = 44
WIDEST_LAST_CELL = 56

QUERIES_AT_A_TIME = 3


def text(value: str | None) -> str:
    """A cell as it is."""
    return "-" if value is None else value


def money(value: str | None) -> str:
    """An amount for a person: two decimals and thousands apart."""
    return "-" if value is None else f"{Decimal(value):,.2f}"


def share(value: str | None) -> str:
    """A share as a percentage."""
    return "-" if value is None else f"{float(value):.1%}"


def number(value: str | None) -> str:
    """A figure with one decimal."""
    return "-" if value is None else f"{float(value):,.1f}"


def times(value: str | None) -> str:
    """A ratio as a multiple."""
    return "-" if value is None else f"{float(value):.2f} x"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        head: What stands above it.
        name: Column of the query.
        show: Makes a value of it readable.
        is_text: Text stands to the left, numbers to the right.
    """

    head: str
    name: str
    show: Show = text
    is_text: bool = False


@dataclass(frozen=True)
class Answer:
    """A table of the summary.

    Attributes:
        question: Its heading; may name columns of the first row in braces.
        report: The view of `plt_gold` it comes from.
        sql: One query; `{gold}` stands for the schema.
        columns: What is shown of its rows.
        nothing: What to say where the query gives no row.
    """

    question: str
    report: str
    sql: str
    columns: tuple[Column, ...]
    nothing: str = "nothing found"


def left(head: str, name: str | None = None, show: Show = text) -> Column:
    """A column of text."""
    return Column(head, name or head, show, is_text=True)


def right(head: str, name: str | None = None, show: Show = text) -> Column:
    """A column of numbers."""
    return Column(head, name or head, show)


OBJECTIVES: tuple[tuple[str, tuple[Answer, ...]], ...] = (
    (
        "1. Where does the money go, and how much of it in vain?",
        (
            Answer(
                "What is it spent on? {first_day} to {last_day}",
                "rpt_cost_trends",
                """
                select
                    billing_origin_product, sum(list_cost) as list_cost,
                    try_divide(
                        double(sum(list_cost)), double(sum(sum(list_cost)) over ())
                    ) as cost_share,
                    min(min(period_start_date)) over () as first_day,
                    max(max(period_start_date)) over () as last_day
                from {gold}.rpt_cost_trends where period = 'day'
                group by billing_origin_product
                order by list_cost desc nulls last, billing_origin_product limit 8
                """,
                (
                    left("product", "billing_origin_product"),
                    right("list cost", "list_cost", money),
                    right("share", "cost_share", share),
                ),
            ),
            Answer(
                "What costs most, and whose is it? {first_day} to {last_day}",
                "rpt_top_cost_drivers",
                """
                select * from {gold}.rpt_top_cost_drivers
                order by cost_rank, entity_type, entity_id limit 6
                """,
                (
                    left("workspace", "workspace_name"),
                    left("what", "entity_type"),
                    left("name", "entity_name"),
                    left("owner"),
                    right("list cost", "list_cost", money),
                    right("share", "cost_share", share),
                ),
            ),
            Answer(
                "What did runs cost that did not go well at the first attempt?",
                "rpt_failed_run_costs",
                """
                select
                    if(grouping(kind) = 1, 'all of them', kind) as run, count(*) as runs,
                    mode(cause) as cause, sum(list_cost) as list_cost, sum(wasted_list_cost) as wasted
                from {gold}.rpt_failed_run_costs
                group by grouping sets ((kind), ())
                order by run = 'all of them', wasted desc nulls last, run
                """,
                (
                    left("run"),
                    left("most often because of", "cause"),
                    right("runs"),
                    right("list cost", "list_cost", money),
                    right("in vain", "wasted", money),
                ),
            ),
        ),
    ),
    (
        "2. How healthy are the runs, and what do the unhealthy ones cost?",
        (
            Answer(
                "Which jobs fail most, or are overdue? {first_day} to {last_day}",
                "rpt_run_health, rpt_failed_run_costs",
                """
                with wasted as (
                    select workspace_id, job_id, sum(wasted_list_cost) as list_cost
                    from {gold}.rpt_failed_run_costs group by workspace_id, job_id
                ),
                jobs as (
                    select
                        if(grouping(health.job_id) = 1, 'all jobs', max(health.job_name)) as job_name,
                        max(health.first_day) as first_day, max(health.last_day) as last_day,
                        sum(health.finished_runs) as finished_runs, sum(health.failed_runs) as failed_runs,
                        sum(health.succeeded_runs) as succeeded_runs,
                        sum(health.skipped_runs) as skipped_runs,
                        max(health.p50_duration_seconds) / 60 as p50_minutes,
                        max(health.p95_duration_seconds) / 60 as p95_minutes,
                        sum(health.overdue_runs) as overdue_runs, sum(wasted.list_cost) as wasted
                    from {gold}.rpt_run_health as health
                    left join wasted
                        on health.workspace_id <=> wasted.workspace_id and health.job_id = wasted.job_id
                    where health.job_id is not null
                    group by grouping sets ((), (health.workspace_id, health.job_id))
                )
                select
                    * except (p50_minutes, p95_minutes),
                    try_divide(succeeded_runs, finished_runs - skipped_runs) as success_rate,
                    if(job_name = 'all jobs', null, p50_minutes) as p50_minutes,
                    if(job_name = 'all jobs', null, p95_minutes) as p95_minutes
                from jobs
                order by job_name <> 'all jobs', overdue_runs > 0 desc, failed_runs desc, job_name limit 7
                """,
                (
                    left("job", "job_name"),
                    right("finished", "finished_runs"),
                    right("failed", "failed_runs"),
                    right("success", "success_rate", share),
                    right("p50 min", "p50_minutes", number),
                    right("p95 min", "p95_minutes", number),
                    right("overdue", "overdue_runs"),
                    right("in vain", "wasted", money),
                ),
            ),
        ),
    ),
    (
        "3. What became slower?",
        (
            Answer(
                "Which tasks became slower, since when, and what changed just before?",
                "rpt_task_latency_regressions",
                """
                select
                    *, concat(job_name, ' / ', task_key) as task,
                    baseline_p50_seconds / 60 as baseline_minutes, recent_p50_seconds / 60 as recent_minutes
                from {gold}.rpt_task_latency_regressions
                order by extra_hours_since_change desc, job_name, task_key limit 5
                """,
                (
                    left("task"),
                    left("since", "change_date"),
                    right("before, min", "baseline_minutes", number),
                    right("now, min", "recent_minutes", number),
                    right("hours more", "extra_hours_since_change", number),
                    left("changed before", "configuration_change"),
                ),
                nothing="no task is slower by the thresholds of seeds/latency_thresholds.csv",
            ),
        ),
    ),
    (
        "4. What does the work run on?",
        (
            Answer(
                "Does work move to serverless compute? Complete weeks",
                "rpt_serverless_adoption",
                """
                with weeks as (
                    select
                        period_start_date, sum(serverless_list_cost) as serverless_list_cost,
                        sum(classic_list_cost) as classic_list_cost, sum(serverless_runs) as serverless_runs,
                        sum(unpriced_serverless_records) as unpriced_serverless_records,
                        sum(unpriced_classic_records) as unpriced_classic_records,
                        sum(classic_runs) as classic_runs
                    from {gold}.rpt_serverless_adoption
                    where period = 'week' and is_complete
                    group by period_start_date order by period_start_date desc limit 5
                )
                select
                    *,
                    try_divide(
                        double(coalesce(serverless_list_cost, if(unpriced_serverless_records > 0, null, 0))),
                        double(
                            coalesce(serverless_list_cost, if(unpriced_serverless_records > 0, null, 0))
                            + coalesce(classic_list_cost, if(unpriced_classic_records > 0, null, 0))
                        )
                    ) as cost_share,
                    try_divide(serverless_runs, serverless_runs + classic_runs) as run_share
                from weeks order by period_start_date
                """,
                (
                    left("week from", "period_start_date"),
                    right("serverless", "serverless_list_cost", money),
                    right("classic", "classic_list_cost", money),
                    right("share of cost", "cost_share", share),
                    right("runs", "serverless_runs"),
                    right("of classic", "classic_runs"),
                    right("share of runs", "run_share", share),
                ),
            ),
            Answer(
                "Which jobs should move next?",
                "rpt_serverless_candidates",
                """
                select * from {gold}.rpt_serverless_candidates
                order by classic_list_cost desc nulls last, job_id limit 4
                """,
                (
                    left("workspace", "workspace_name"),
                    left("job", "job_name"),
                    right("list cost", "classic_list_cost", money),
                    left("why", "reason"),
                ),
            ),
            Answer(
                "Which kinds of SKU take the money? {month_start_date:.7}, beside the month before",
                "rpt_sku_mix",
                """
                with families as (
                    select month_start_date, sku_family, sum(list_cost) as list_cost
                    from {gold}.rpt_sku_mix group by month_start_date, sku_family
                ),
                shares as (
                    select
                        *,
                        try_divide(
                            double(list_cost), sum(double(list_cost)) over (partition by month_start_date)
                        ) as cost_share
                    from families
                )
                select this.*, before.cost_share as previous_share
                from shares as this
                left join shares as before
                    on this.sku_family = before.sku_family
                    and before.month_start_date = add_months(this.month_start_date, -1)
                where this.month_start_date = (select max(month_start_date) from shares)
                order by this.list_cost desc nulls last, this.sku_family limit 6
                """,
                (
                    left("SKU family", "sku_family"),
                    right("list cost", "list_cost", money),
                    right("share", "cost_share", share),
                    right("before", "previous_share", share),
                ),
            ),
            Answer(
                "Which node types cost what? {first_day} to {last_day}",
                "rpt_node_type_efficiency",
                """
                select * from {gold}.rpt_node_type_efficiency
                where node_type is not null order by cost_rank, node_type limit 5
                """,
                (
                    left("node type", "node_type"),
                    left("family", "node_category"),
                    right("clusters", "cluster_count"),
                    right("list cost", "list_cost", money),
                    right("share", "cost_share", share),
                    right("core hour", "list_cost_per_core_hour", lambda value: text(value and value[:6])),
                    right("to all", "core_hour_cost_ratio", times),
                ),
            ),
        ),
    ),
    (
        "5. Who keeps to the rules, and whose money is it?",
        (
            Answer(
                "Which policies are broken? {first_day} to {last_day}",
                "rpt_policy_compliance",
                """
                select
                    policy_id, any_value(severity) as severity, any_value(policy) as policy,
                    count_if(compliance_status <> 'waived') as broken,
                    count_if(compliance_status = 'waived') as waived,
                    sum(case when compliance_status <> 'waived' then money_at_stake end) as money_at_stake,
                    max(first_day) as first_day, max(last_day) as last_day
                from {gold}.rpt_policy_compliance
                group by policy_id order by severity = 'high' desc, money_at_stake desc nulls last, policy_id
                limit 8
                """,
                (
                    left("policy", "policy_id"),
                    left("severity"),
                    right("broken by", "broken"),
                    right("waived"),
                    right("money at stake", "money_at_stake", money),
                ),
            ),
            Answer(
                "How much of the cost has its tags? {period_start_date:.7}",
                "rpt_tag_coverage",
                """
                select * from {gold}.rpt_tag_coverage
                where
                    scope = 'account' and period = 'month'
                    and period_start_date = (
                        select max(period_start_date) from {gold}.rpt_tag_coverage where period = 'month'
                    )
                order by coverage_of <> 'key' desc, cost_coverage desc, tag_key
                """,
                (
                    left("tag", "tag_key"),
                    right("list cost", "list_cost", money),
                    right("with it", "tagged_list_cost", money),
                    right("of the cost", "cost_coverage", share),
                    right("of the records", "record_coverage", share),
                ),
            ),
        ),
    ),
)


def query(home: Path, sql: str) -> list[Row]:
    """Rows of a query.

    Args:
        home: State folder of a local warehouse that is up.
        sql: One statement; `{gold}` stands for the schema.

    Returns:
        Each row by column name; every value as text, decimals in full.

    Raises:
        StepFailed: The warehouse does not answer, or refuses the query.
    """
    answer = run(
        [
            VENV_PYTHON,
            "-m",
            "local_warehouse",
            "sql",
            "--home",
            home,
            "--format",
            "json",
            sql.replace("{gold}", GOLD),
        ],
        capture=True,
    )
    rows: list[Row] = json.loads(answer.stdout, parse_int=str, parse_float=str)
    return rows


def show(title: str, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Prints a table under its title; text in the last column goes on below itself."""
    say()
    say(title)
    heads = [column.head for column in columns]
    lines: list[list[str]] = [heads, []]
    for row in rows:
        *cells, last = [column.show(row[column.name]) for column in columns]
        pieces = last.split("; ") if columns[-1].is_text else [last]
        folded = [line for piece in pieces for line in textwrap.wrap(piece, WIDEST_LAST_CELL)] or [""]
        lines.append([*(cell[:WIDEST_CELL] for cell in cells), folded[0]])
        lines += [[*("" for _ in cells), more] for more in folded[1:]]
    widths = [max(len(line[at]) for line in lines if line) for at in range(len(columns))]
    lines[1] = ["-" * width for width in widths]
    for line in lines:
        say(
            "  "
            + "  ".join(
                cell.ljust(width) if column.is_text else cell.rjust(width)
                for cell, width, column in zip(line, widths, columns, strict=True)
            ).rstrip()
        )


def show_objectives(home: Path, first: int = 1, last: int = len(OBJECTIVES)) -> None:
    """Prints what the reports say to the questions that the project is for.

    Args:
        home: State folder of a local warehouse that is up, with the project built.
        first: Number of the first question, from 1.
        last: Number of the last one.

    Raises:
        StepFailed: The warehouse does not answer, or lacks a report.
    """
    objectives = OBJECTIVES[first - 1 : last]
    asked = [answer for _, answers in objectives for answer in answers]
    with step("Asking the reports"), ThreadPoolExecutor(QUERIES_AT_A_TIME) as pool:
        found = dict(zip(asked, pool.map(lambda answer: query(home, answer.sql), asked), strict=True))
    for objective, answers in objectives:
        say()
        say(objective)
        say("=" * len(objective))
        for answer in answers:
            rows = found[answer]
            question = (
                answer.question.format(**rows[0]) if rows else answer.question.partition("{")[0].strip()
            )
            title = f"{question}  [{answer.report}]"
            if rows:
                show(title, answer.columns, rows)
            else:
                say()
                say(title)
                say(f"  {answer.nothing}")


def body() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--home",
        type=Path,
        default=ROOT / ".demo" / "warehouse",
        help="state folder of a local warehouse that is up (default: the demo's)",
    )
    show_objectives(parser.parse_args().home)


if __name__ == "__main__":
    main(body)
