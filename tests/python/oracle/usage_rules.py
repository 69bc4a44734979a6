"""Which usage rows count, and which go to quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from oracle.account_folder import AccountFolder, SourceRow, as_date, as_decimal, as_timestamp, member

RECORD_TYPES = frozenset({"ORIGINAL", "RETRACTION", "RESTATEMENT"})

NEGATIVE_ORIGINAL = "negative_original"
END_BEFORE_START = "end_before_start"
UNKNOWN_RECORD_TYPE = "unknown_record_type"
RETRACTS_QUARANTINED = "retracts_quarantined"

REQUIRED_COLUMNS = (
    "record_id",
    "record_type",
    "account_id",
    "sku_name",
    "cloud",
    "usage_unit",
    "usage_quantity",
    "usage_start_time",
    "usage_end_time",
    "usage_date",
    "ingestion_date",
)

RULE_NAMES = frozenset(
    {NEGATIVE_ORIGINAL, END_BEFORE_START, UNKNOWN_RECORD_TYPE, RETRACTS_QUARANTINED}
    | {f"missing_{column}" for column in REQUIRED_COLUMNS}
)
"""Every name that `broken_rules` may hold."""

UNNAMED_PRODUCT = "UNKNOWN"
"""Entity of usage without an id and without a product: no dollar is without a named member."""

UsageKey = tuple[str | None, str | None]
"""(record_id, record_type); None equals None."""

# usage_metadata member -> entity_type, nearest first.
_ENTITY_IDS = (
    ("job_id", "JOB"),
    ("dlt_pipeline_id", "PIPELINE"),
    ("warehouse_id", "WAREHOUSE"),
    ("cluster_id", "CLUSTER"),
    ("endpoint_id", "ENDPOINT"),
    ("app_id", "APP"),
    ("database_instance_id", "DATABASE"),
    ("notebook_id", "NOTEBOOK"),
)

# entity_type -> usage_metadata member that names the entity, where the usage itself does.
_ENTITY_NAMES = {"ENDPOINT": "endpoint_name", "APP": "app_name", "NOTEBOOK": "notebook_path"}


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A row of `billing.usage`, typed, with the columns that Gold carries."""

    record_id: str | None
    record_type: str | None
    account_id: str | None
    workspace_id: str | None
    cloud: str | None
    sku_name: str | None
    billing_origin_product: str | None
    usage_type: str | None
    usage_unit: str | None
    usage_quantity: Decimal | None
    usage_start_time: datetime | None
    usage_end_time: datetime | None
    usage_date: date | None
    ingestion_date: date | None
    is_serverless: bool
    is_photon: bool
    job_id: str | None
    job_run_id: str | None
    pipeline_id: str | None
    pipeline_update_id: str | None
    cluster_id: str | None
    warehouse_id: str | None
    node_type: str | None
    entity_type: str
    entity_id: str
    entity_name: str | None
    run_as: str | None
    custom_tags: tuple[tuple[str, str | None], ...]

    @property
    def key(self) -> UsageKey:
        """The row's natural key."""
        return self.record_id, self.record_type


@dataclass(frozen=True, slots=True)
class JudgedUsage:
    """A winning row with the rules it breaks, sorted; none means it goes to Silver."""

    row: UsageRow
    broken_rules: tuple[str, ...]

    @property
    def is_quarantined(self) -> bool:
        """Whether the row goes to quarantine."""
        return bool(self.broken_rules)


def read_usage_row(source: SourceRow) -> UsageRow:
    """Types a source row.

    Args:
        source: A row of `billing.usage`.

    Returns:
        The typed row. `is_serverless` and `is_photon` are false where the source says nothing; `run_as` is
        the first of run_as, owned_by and created_by; the entity is the first id present, else the product;
        `entity_name` is what the row calls an endpoint, app or notebook.

    Raises:
        AccountFolderError: If a value does not fit its column's type.
    """
    entity_type, entity_id = _entity(source)
    return UsageRow(
        record_id=member(source, "record_id"),
        record_type=member(source, "record_type"),
        account_id=member(source, "account_id"),
        workspace_id=member(source, "workspace_id"),
        cloud=member(source, "cloud"),
        sku_name=member(source, "sku_name"),
        billing_origin_product=member(source, "billing_origin_product"),
        usage_type=member(source, "usage_type"),
        usage_unit=member(source, "usage_unit"),
        usage_quantity=as_decimal(member(source, "usage_quantity")),
        usage_start_time=as_timestamp(member(source, "usage_start_time")),
        usage_end_time=as_timestamp(member(source, "usage_end_time")),
        usage_date=as_date(member(source, "usage_date")),
        ingestion_date=as_date(member(source, "ingestion_date")),
        is_serverless=member(source, "product_features", "is_serverless") is True,
        is_photon=member(source, "product_features", "is_photon") is True,
        job_id=member(source, "usage_metadata", "job_id"),
        job_run_id=member(source, "usage_metadata", "job_run_id"),
        pipeline_id=member(source, "usage_metadata", "dlt_pipeline_id"),
        pipeline_update_id=member(source, "usage_metadata", "dlt_update_id"),
        cluster_id=member(source, "usage_metadata", "cluster_id"),
        warehouse_id=member(source, "usage_metadata", "warehouse_id"),
        entity_type=entity_type,
        entity_id=entity_id,
        node_type=member(source, "usage_metadata", "node_type"),
        entity_name=member(source, "usage_metadata", _ENTITY_NAMES.get(entity_type, "")),
        run_as=_first(source, "identity_metadata", ("run_as", "owned_by", "created_by")),
        custom_tags=tuple(sorted((member(source, "custom_tags") or {}).items())),
    )


def winning_rows(rows: Iterable[UsageRow]) -> dict[UsageKey, tuple[UsageRow, ...]]:
    """The row, or the tied rows, that win for each key.

    The greatest `ingestion_date` wins; a row without one loses to any that has one. Where rows of one key
    tie, the greater row hash wins, which only the warehouse knows: all tied rows that differ are returned
    and any one of them is right. Rows that are equal in every column Gold carries collapse. The order of
    the rows does not matter: within the overlap a build reads all of them.

    Args:
        rows: All rows of the source, in any order.

    Returns:
        One entry a key; its rows are distinct and never empty.
    """
    winners: dict[UsageKey, dict[UsageRow, None]] = {}
    for row in rows:
        held = winners.setdefault(row.key, {})
        if not held:
            held[row] = None
            continue
        newest = next(iter(held)).ingestion_date
        if row.ingestion_date == newest:
            held[row] = None
        elif _watermark(row.ingestion_date) > _watermark(newest):
            winners[row.key] = {row: None}
    return {key: tuple(held) for key, held in winners.items()}


def judge(winners: Mapping[UsageKey, tuple[UsageRow, ...]]) -> dict[UsageKey, tuple[JudgedUsage, ...]]:
    """Every rule that each winning row breaks.

    A RETRACTION that shares the record_id of a quarantined ORIGINAL breaks `retracts_quarantined`. A
    missing record_id links nothing, so such a RETRACTION breaks only `missing_record_id`. Where the
    ORIGINAL is a tie between a good and a bad row, the RETRACTION is a tie as well.

    Args:
        winners: What `winning_rows` returns.

    Returns:
        One entry a key; more than one judged row where it is a tie.
    """
    judged: dict[UsageKey, tuple[JudgedUsage, ...]] = {}
    for key, rows in winners.items():
        outcomes: dict[JudgedUsage, None] = {}
        for row in rows:
            rules = _own_broken_rules(row)
            for retracts_quarantined in _may_retract_quarantined(row, winners):
                broken = {*rules, RETRACTS_QUARANTINED} if retracts_quarantined else rules
                outcomes[JudgedUsage(row, tuple(sorted(broken)))] = None
        judged[key] = tuple(outcomes)
    return judged


def rows_beyond_overlap(account: AccountFolder, overlap_hours: int = 72) -> list[tuple[date, UsageKey]]:
    """Usage rows that a build after each delivery never reads, while one build after all of them would.

    `One go = daily` is promised for rows at most `overlap_hours` behind the newest watermark only, so the
    comparison of daily builds with this oracle is fair for an account where this list is empty. A row
    without a watermark is read every time.

    Args:
        account: The account.
        overlap_hours: How far a build reads back behind the newest watermark of the builds before it.

    Returns:
        Delivery date and key of each such row, in the order of delivery.
    """
    overlap = timedelta(hours=overlap_hours)
    beyond: list[tuple[date, UsageKey]] = []
    newest_before: date | None = None
    newest: date | None = None
    reading: date | None = None
    for delivered, source in account.delivered_rows("billing.usage"):
        if delivered != reading:
            reading, newest_before = delivered, newest
        ingested = as_date(member(source, "ingestion_date"))
        if ingested is None:
            continue
        if newest_before is not None and _midnight(ingested) < _midnight(newest_before) - overlap:
            beyond.append((delivered, (member(source, "record_id"), member(source, "record_type"))))
        newest = ingested if newest is None else max(newest, ingested)
    return beyond


def _own_broken_rules(row: UsageRow) -> set[str]:
    broken = {f"missing_{column}" for column in REQUIRED_COLUMNS if getattr(row, column) is None}
    if row.record_type == "ORIGINAL" and row.usage_quantity is not None and row.usage_quantity < 0:
        broken.add(NEGATIVE_ORIGINAL)
    if (
        row.usage_start_time is not None
        and row.usage_end_time is not None
        and row.usage_end_time < row.usage_start_time
    ):
        broken.add(END_BEFORE_START)
    if row.record_type is not None and row.record_type not in RECORD_TYPES:
        broken.add(UNKNOWN_RECORD_TYPE)
    return broken


def _may_retract_quarantined(
    row: UsageRow, winners: Mapping[UsageKey, tuple[UsageRow, ...]]
) -> tuple[bool, ...]:
    if row.record_type != "RETRACTION" or row.record_id is None:
        return (False,)
    originals = winners.get((row.record_id, "ORIGINAL"), ())
    return tuple(sorted({bool(_own_broken_rules(original)) for original in originals})) or (False,)


def _watermark(ingested: date | None) -> tuple[bool, date]:
    return ingested is not None, ingested or date.min


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _entity(source: SourceRow) -> tuple[str, str]:
    for name, entity_type in _ENTITY_IDS:
        entity_id = member(source, "usage_metadata", name)
        if entity_id is not None:
            return entity_type, entity_id
    product = member(source, "billing_origin_product")
    return "PRODUCT", UNNAMED_PRODUCT if product is None else product


def _first(source: SourceRow, struct: str, names: tuple[str, ...]) -> str | None:
    for name in names:
        value: str | None = member(source, struct, name)
        if value is not None:
            return value
    return None
