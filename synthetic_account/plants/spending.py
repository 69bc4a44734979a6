"""Records of known cost, and sums of what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from synthetic_account.amounts import ONE, amount_text, list_cost
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Facts, Key
from synthetic_account.plants.records import Record, RecordWriter, Subject
from synthetic_account.prices import PricePlan
from synthetic_account.runs import Run
from synthetic_account.usage import hourly_quantity, hours_between


def cost(records: Iterable[Record]) -> str:
    """Return what records cost together in USD, as `truths.json` writes amounts."""
    total = 0
    for record in records:
        price, _ = record.place.price(record.start)
        total += list_cost(record.quantity or 0, price or 0)
    return amount_text(total)


def cost_by_date(records: Iterable[Record]) -> dict[str, str]:
    """Return what records cost on each `usage_date`."""
    dates: dict[str, list[Record]] = {}
    for record in records:
        dates.setdefault(str(record.row["usage_date"]), []).append(record)
    return {date: cost(found) for date, found in sorted(dates.items())}


def record_keys(records: Iterable[Record]) -> list[Key]:
    """Return the keys of records."""
    return [record.key for record in records]


def dbu(plan: PricePlan, cents: int) -> str:
    """Return the quantity that costs an amount.

    Args:
        plan: A SKU with one price, of which the inverse has few decimals.
        cents: Hundredths of a USD.

    Raises:
        ValueError: If the SKU has no price, or no quantity costs exactly that.
    """
    price = plan.segments[0].price
    if price is None:
        raise ValueError(f"{plan.sku_name} has no price")
    quantity, rest = divmod(cents * ONE // 100 * ONE, price)
    if rest:
        raise ValueError(f"no quantity of {plan.sku_name} costs {cents} cents")
    return amount_text(quantity)


def bill_run(
    parts: Parts,
    writer: RecordWriter,
    run: Run,
    plan: PricePlan,
    rate: int,
    *,
    tags: Mapping[str, str | None] | None = None,
    is_serverless: bool = False,
    owner: str | None = None,
    until: int | None = None,
) -> list[Record]:
    """Write the billing records of a run, one a clock hour, without anything left to chance.

    Args:
        parts: The account.
        writer: Writes the records.
        run: A run whose records nobody else writes.
        plan: What it is billed on.
        rate: DBU an hour.
        tags: `custom_tags`; None: the column is NULL.
        is_serverless: Whether the compute is.
        owner: Who it runs as; None: as the job says.
        until: How far a run without an end is billed, in seconds since 1970.

    Returns:
        The records, in order.

    Raises:
        ValueError: If one would be delivered after the window.
    """
    subject = Subject(
        plan,
        run.job.workspace.workspace_id,
        "JOBS",
        tags,
        {
            name: value
            for name, value in (
                ("job_id", run.job_id),
                ("job_run_id", run.run_id),
                ("job_name", run.job.versions[0].name),
                ("cluster_id", run.cluster_id),
                ("node_type", run.job.worker_node_type if run.cluster_id else None),
            )
            if value is not None
        },
        {"run_as": owner or run.job.run_as},
        {"is_serverless": is_serverless, "is_photon": False},
    )
    records = []
    for leg in run.legs:
        end = leg.end if leg.end is not None else until
        if end is None:
            raise ValueError(f"run {run.run_id} has no end")
        for low, high, used in hours_between(leg.start, end):
            quantity = amount_text(hourly_quantity(rate * 1_000_000, used))
            day = min(parts.window.day_of(high), parts.window.days - 1)
            records.append(writer.write(subject, low, quantity, day))
    return records


def median(values: Sequence[int]) -> float:
    """Return the middle value, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[half])
    return (ordered[half - 1] + ordered[half]) / 2


def series(workspace_id: str, plan: PricePlan, product: str) -> Facts:
    """Return the columns that name a series of cost."""
    return {
        "workspace_id": workspace_id,
        "billing_origin_product": product,
        "sku_name": plan.sku_name,
    }
