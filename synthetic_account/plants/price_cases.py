"""Prices: changes, overlaps, gaps, promotions, currencies, and usage that has no price."""

from __future__ import annotations

from synthetic_account.amounts import amount
from synthetic_account.deliveries import USAGE
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Planted
from synthetic_account.plants.records import Record, RecordWriter, Subject, jobs_subject
from synthetic_account.prices import (
    BEFORE_FIRST_PRICE,
    GAP,
    LONG_AGO,
    NO_PRICE_ROW,
    OTHER_CURRENCY_ONLY,
    PricePlan,
    PriceRow,
    Segment,
)
from synthetic_account.usage import RESTATEMENT, RETRACTION
from synthetic_account.window import HOUR, time_text


def _planted(records: list[Record], expect: str, **facts: object) -> Planted:
    money: Facts = {"records": [record.money for record in records]}
    return Planted(USAGE, [record.key for record in records], expect, {**money, **facts})


def _serverless(parts: Parts, plan: PricePlan, product: str, workspace: str = "prod-us") -> Subject:
    features = {"is_serverless": True, "is_photon": False}
    return Subject(parts.book.add(plan), parts.workspace(workspace).workspace_id, product, features=features)


def _price_change(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "price_change")
    change = parts.window.at(parts.book.renegotiated)
    subject = jobs_subject(parts, parts.workspace("finance-azure"), "PREMIUM_JOBS_COMPUTE")
    day = parts.book.renegotiated
    records = [writer.write(subject, change - HOUR, "8", day), writer.write(subject, change, "8", day)]
    return _planted(
        records,
        "the hour before the change costs 0.35 a DBU, the hour that starts with it 0.30",
        price_start_time=time_text(change),
    )


def _price_change_mid_hour(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "price_change_mid_hour")
    change = parts.book.mid_hour
    plan = parts.book.plan("PREMIUM_SERVERLESS_REAL_TIME_INFERENCE_US_EAST4_N_VIRGINIA", "GCP")
    subject = Subject(
        plan,
        parts.workspace("ml-gcp").workspace_id,
        "MODEL_SERVING",
        metadata={"endpoint_name": "planted-endpoint", "endpoint_id": "planted0endpoint"},
    )
    day = parts.window.day_of(change) + 1
    hour = change // HOUR * HOUR
    records = [
        writer.write(subject, hour, "10", day),
        writer.write(subject, change - 1, "10", day, end=hour + HOUR),
        writer.write(subject, change, "10", day, end=hour + HOUR),
    ]
    return _planted(
        records,
        "the price at usage_start_time holds for the whole record: old, old, new",
        price_start_time=time_text(change),
    )


def _overlapping_windows(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "overlapping_price_windows")
    day = parts.book.overlapping
    workspace = parts.workspace("prod-us")
    records = []
    for name in ("ENTERPRISE_ALL_PURPOSE_COMPUTE", "ENTERPRISE_ALL_PURPOSE_COMPUTE_(PHOTON)"):
        subject = Subject(parts.book.plan(name, "AWS"), workspace.workspace_id, "ALL_PURPOSE")
        for hours in (-1, 0, 30):
            start = parts.window.at(day, 0) + hours * HOUR
            records.append(writer.write(subject, start, "3", parts.window.day_of(start) + 1))
    return _planted(
        records, "one price each: the old window ends where the new one starts, though it says later"
    )


def _promotion(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "promotional_price")
    first, last = parts.book.promoted
    plan = parts.book.plan("PREMIUM_SERVERLESS_SQL_COMPUTE_EUROPE_IRELAND", "AWS")
    subject = Subject(
        plan, parts.workspace("analytics-eu").workspace_id, "SQL", metadata={"warehouse_id": "planted0wh"}
    )
    at = parts.window.at
    starts = (at(first) - HOUR, at(first), at(last, 23), at(last + 1))
    records = [writer.write(subject, start, "10", parts.window.day_of(start) + 1) for start in starts]
    return _planted(
        records, "pricing.effective_list.default is the price: 0.91, 0.637, 0.637, 0.91; once, in USD"
    )


def _default_price(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "price_without_effective_list")
    plan = parts.book.plan("PREMIUM_SQL_PRO_COMPUTE_EUROPE_IRELAND", "AWS")
    subject = Subject(
        plan, parts.workspace("analytics-eu").workspace_id, "SQL", metadata={"warehouse_id": "planted1wh"}
    )
    record = writer.write(subject, parts.window.at(1, 9), "4.5", 1)
    return _planted([record], "pricing.default is the price where effective_list is NULL")


def _second_currency(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "second_currency")
    workspace = parts.workspace("analytics-eu")
    subject = jobs_subject(parts, workspace, "PREMIUM_JOBS_SERVERLESS_COMPUTE_EUROPE_IRELAND")
    record = writer.write(subject, parts.window.at(1, 11), "7", 1)
    return _planted([record], "priced once, in USD, although the same SKU has a price in EUR")


def _two_clouds(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "one_sku_on_three_clouds")
    records = []
    for name in ("analytics-eu", "finance-azure", "ml-gcp"):
        subject = jobs_subject(parts, parts.workspace(name), "PREMIUM_JOBS_COMPUTE")
        records.append(writer.write(subject, parts.window.at(0, 5), "100", 1))
    return _planted(records, "one SKU name, three prices: that of the record's own cloud")


def _no_price_row(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "sku_without_price")
    plan = PricePlan("GENIE_FREE_USAGE", "AWS", "DBU", (Segment(LONG_AGO, None, NO_PRICE_ROW),))
    subject = Subject(
        parts.book.add(plan), parts.workspace("prod-us").workspace_id, "GENIE", usage_type="ANSWER"
    )
    records = [writer.write(subject, parts.window.at(day, 14), "2.25", day) for day in range(3)]
    return _planted(records, "kept, unpriced: the SKU has no price row")


def _other_unit(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "priced_in_another_unit")
    name = "ENTERPRISE_DATABRICKS_ARCHIVE_US_EAST_N_VIRGINIA"
    used = PricePlan(name, "AWS", "DSU", (Segment(LONG_AGO, None, NO_PRICE_ROW),))
    sold = PricePlan(name, "AWS", "DBU", (Segment(LONG_AGO, amount("9")),), [PriceRow(LONG_AGO, None, "9")])
    parts.book.publish(sold)
    subject = Subject(
        used, parts.workspace("prod-us").workspace_id, "DEFAULT_STORAGE", usage_type="STORAGE_SPACE"
    )
    record = writer.write(subject, parts.window.at(2, 0), "50", 2)
    return _planted([record], "unpriced: the SKU has a price, but for another unit")


def _before_first_price(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "usage_before_first_price")
    day = parts.window.days // 2
    first = parts.window.at(day)
    plan = PricePlan(
        "ENTERPRISE_AI_FUNCTIONS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA",
        "AWS",
        "DBU",
        (Segment(LONG_AGO, None, BEFORE_FIRST_PRICE), Segment(first, amount("0.07"))),
        [PriceRow(first, None, "0.07", published=day)],
    )
    subject = _serverless(parts, plan, "AI_FUNCTIONS")
    starts = (first - 30 * HOUR, first - HOUR, first)
    records = [writer.write(subject, start, "6", parts.window.day_of(start) + 1) for start in starts]
    return _planted(records, "the first two are unpriced, usage from the first price on is priced")


def _backdated_price(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "price_published_late")
    published = parts.window.days * 2 // 3
    first = parts.window.at(1)
    plan = PricePlan(
        "ENTERPRISE_SERVERLESS_GPU_COMPUTE_US_EAST_N_VIRGINIA",
        "AWS",
        "DBU",
        (Segment(LONG_AGO, None, BEFORE_FIRST_PRICE), Segment(first, amount("1.4"))),
        [PriceRow(first, None, "1.4", published=published)],
    )
    subject = _serverless(parts, plan, "AI_RUNTIME")
    days = (1, published // 2, published)
    records = [writer.write(subject, parts.window.at(day, 13), "5", day) for day in days]
    return _planted(
        records,
        "unpriced until the price row is delivered, then all priced: days of the past are priced again",
        published_on=parts.window.date_of(published),
    )


def _gap(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "gap_in_price_windows")
    first, last = parts.window.days // 4, parts.window.days // 4 + 2
    closes, opens = parts.window.at(first), parts.window.at(last)
    plan = PricePlan(
        "PREMIUM_CLEAN_ROOM_COMPUTE_EUROPE_IRELAND",
        "AWS",
        "DBU",
        (Segment(LONG_AGO, amount("0.5")), Segment(closes, None, GAP), Segment(opens, amount("0.6"))),
        [PriceRow(LONG_AGO, closes, "0.5", closed=first), PriceRow(opens, None, "0.6", published=last)],
    )
    subject = _serverless(parts, plan, "CLEAN_ROOM", "analytics-eu")
    starts = (closes - HOUR, closes, opens - HOUR, opens)
    records = [writer.write(subject, start, "2", parts.window.day_of(start) + 1) for start in starts]
    return _planted(records, "priced, unpriced (gap), unpriced (gap), priced")


def _other_currency(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "priced_in_other_currency_only")
    plan = PricePlan(
        "PREMIUM_LAKEFLOW_CONNECT_COMPUTE_EUROPE_IRELAND",
        "AWS",
        "DBU",
        (Segment(LONG_AGO, None, OTHER_CURRENCY_ONLY),),
        [PriceRow(LONG_AGO, None, "0.33", currency="EUR")],
    )
    subject = _serverless(parts, plan, "LAKEFLOW_CONNECT", "analytics-eu")
    records = [writer.write(subject, parts.window.at(day, 3), "12", day) for day in range(2)]
    return _planted(records, "unpriced: the SKU has a price in EUR only")


def _free(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "price_of_zero")
    plan = PricePlan(
        "PREMIUM_PREVIEW_COMPUTE_US_EAST_2",
        "AZURE",
        "DBU",
        (Segment(LONG_AGO, 0),),
        [PriceRow(LONG_AGO, None, "0")],
    )
    record = writer.write(
        _serverless(parts, plan, "AGENT_BRICKS", "finance-azure"), parts.window.at(0, 8), "40", 0
    )
    return _planted([record], "priced, at 0: not the same as unpriced")


def _extreme_amounts(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "extreme_amounts")
    plan = PricePlan(
        "ENTERPRISE_STRESS_TEST_COMPUTE",
        "AWS",
        "DBU",
        (Segment(LONG_AGO, amount("987654.123456789012345678")),),
        [PriceRow(LONG_AGO, None, "987654.123456789012345678")],
    )
    subject = Subject(parts.book.add(plan), parts.workspace("prod-us").workspace_id, "JOBS")
    start = parts.window.at(1, 2)
    large = "987654321098.123456789012345678"
    original = writer.write(subject, start, large, 1)
    taken_back = writer.write(subject, start, f"-{large}", 1, record_type=RETRACTION)
    small = PricePlan(
        "ENTERPRISE_ROUNDING_COMPUTE",
        "AWS",
        "DBU",
        (Segment(LONG_AGO, amount("0.5")),),
        [PriceRow(LONG_AGO, None, "0.5")],
    )
    halves = Subject(parts.book.add(small), parts.workspace("prod-us").workspace_id, "JOBS")
    records = [
        original,
        taken_back,
        writer.write(halves, start, "0.000000000000000001", 1),
        writer.write(halves, start, "-0.000000000000000003", 1, record_type=RETRACTION),
    ]
    return _planted(records, "exact to the 18th decimal, halves rounded away from zero, a record at a time")


def _correction_across_price_change(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "correction_across_price_change")
    day = parts.book.renegotiated
    start = parts.window.at(day - 1, 12)
    subject = jobs_subject(parts, parts.workspace("finance-azure"), "PREMIUM_JOBS_COMPUTE")
    records = [
        writer.write(subject, start, "20", day - 1),
        writer.write(subject, start, "-20", day + 1, record_type=RETRACTION),
        writer.write(subject, start, "16", day + 1, record_type=RESTATEMENT),
    ]
    return _planted(
        records, "all at 0.35, the price at the start of the usage, though corrected after the change"
    )


CASES = (
    Case("price_change", _price_change, days=9),
    Case("price_change_mid_hour", _price_change_mid_hour, days=9),
    Case("overlapping_price_windows", _overlapping_windows, days=9),
    Case("promotional_price", _promotion, days=9),
    Case("price_without_effective_list", _default_price, days=3),
    Case("second_currency", _second_currency, days=3),
    Case("one_sku_on_three_clouds", _two_clouds, days=3),
    Case("sku_without_price", _no_price_row),
    Case("priced_in_another_unit", _other_unit),
    Case("usage_before_first_price", _before_first_price, days=9),
    Case("price_published_late", _backdated_price, days=9),
    Case("gap_in_price_windows", _gap, days=9),
    Case("priced_in_other_currency_only", _other_currency, days=3),
    Case("price_of_zero", _free, days=1),
    Case("extreme_amounts", _extreme_amounts, days=3),
    Case("correction_across_price_change", _correction_across_price_change, days=9),
)
