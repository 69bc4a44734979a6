"""Usage records that break a rule, and what becomes of them when the source corrects them."""

from __future__ import annotations

from synthetic_account.deliveries import USAGE
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Planted
from synthetic_account.plants.records import Record, RecordWriter, Subject, jobs_subject
from synthetic_account.truths import QUARANTINED
from synthetic_account.usage import RESTATEMENT, RETRACTION
from synthetic_account.window import HOUR

REQUIRED = (
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
"""Columns without which a billing record cannot be counted."""


def _subject(parts: Parts, job_id: str) -> Subject:
    return jobs_subject(parts, parts.workspace("prod-us"), "ENTERPRISE_JOBS_COMPUTE", job_id=job_id)


def _planted(expect: str, quarantined: list[tuple[Record, list[str]]], accepted: list[Record]) -> Planted:
    facts: Facts = {
        "quarantined": [{**record.key, "broken_rules": sorted(rules)} for record, rules in quarantined],
        "accepted": [record.money for record in accepted],
    }
    return Planted(
        USAGE, [record.key for record, _ in quarantined] + [r.key for r in accepted], expect, facts
    )


def _negative(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "negative_original")
    start = parts.window.at(1, 1)
    record = writer.write(_subject(parts, "730000000000001"), start, "-4", 1, layer=QUARANTINED)
    return _planted("an ORIGINAL below zero", [(record, ["negative_original"])], [])


def _backwards(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "end_before_start")
    start = parts.window.at(1, 2)
    record = writer.write(_subject(parts, "730000000000002"), start, "4", 1, end=start - 1, layer=QUARANTINED)
    return _planted("ends a second before it starts", [(record, ["end_before_start"])], [])


def _missing(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "missing_required_field")
    subject = _subject(parts, "730000000000003")
    quarantined = []
    for hour, name in enumerate(REQUIRED):
        start = parts.window.at(1, hour)
        record = writer.write(subject, start, "1.25", 1, layer=QUARANTINED, without=(name,))
        quarantined.append((record, [f"missing_{name}"]))
    return _planted("one record for each required column, without that column", quarantined, [])


def _missing_id_twice(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "missing_record_id_replaced")
    subject = _subject(parts, "730000000000004")
    start = parts.window.at(1, 3)
    writer.write(subject, start, "-1", 1, record_type=RETRACTION, layer=None, without=("record_id",))
    record = writer.write(
        subject, start, "-2", 2, record_type=RETRACTION, layer=QUARANTINED, without=("record_id",)
    )
    return _planted(
        "two records without an id and of one type share a key (null-safe): the newer one stands",
        [(record, ["missing_record_id"])],
        [],
    )


def _unknown_type(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "unknown_record_type")
    start = parts.window.at(1, 4)
    record = writer.write(
        _subject(parts, "730000000000005"), start, "4", 1, record_type="ADJUSTMENT", layer=QUARANTINED
    )
    return _planted("a record type that is none of the three", [(record, ["unknown_record_type"])], [])


def _several(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "several_rules_broken")
    start = parts.window.at(1, 5)
    record = writer.write(
        _subject(parts, "730000000000006"),
        start,
        "-4",
        1,
        end=start - HOUR,
        layer=QUARANTINED,
        without=("cloud",),
    )
    rules = ["end_before_start", "missing_cloud", "negative_original"]
    return _planted("every broken rule is named", [(record, rules)], [])


def _corrected(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "rule_breaker_corrected_later")
    subject = _subject(parts, "730000000000007")
    start = parts.window.at(1, 6)
    bad = writer.write(subject, start, "-4", 1, layer=None)
    unfinished = writer.write(subject, start, "6", 1, layer=None, without=("sku_name",))
    accepted = [
        writer.write(subject, start, "4", 3, record_id=str(bad.row["record_id"])),
        writer.write(subject, start, "6", 3, record_id=str(unfinished.row["record_id"])),
    ]
    return _planted("quarantined at first, accepted once delivered again without the fault", [], accepted)


def _gone_bad(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "good_record_replaced_by_a_bad_one")
    subject = _subject(parts, "730000000000008")
    start = parts.window.at(1, 7)
    good = writer.write(subject, start, "4", 1, layer=None)
    bad = writer.write(
        subject, start, "4", 3, end=start - 60, record_id=str(good.row["record_id"]), layer=QUARANTINED
    )
    return _planted(
        "accepted at first, quarantined once the source says otherwise", [(bad, ["end_before_start"])], []
    )


def _retracted(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "retraction_of_a_quarantined_record")
    subject = _subject(parts, "730000000000009")
    start = parts.window.at(1, 8)
    bad = writer.write(subject, start, "-4", 1, layer=QUARANTINED)
    key_id = str(bad.row["record_id"])
    taken_back = writer.write(
        subject, start, "4", 3, record_type=RETRACTION, record_id=key_id, layer=QUARANTINED
    )
    restated = writer.write(subject, start, "4", 3, record_type=RESTATEMENT, record_id=key_id)
    return _planted(
        "the RETRACTION follows its ORIGINAL into quarantine; the RESTATEMENT stands on its own",
        [(bad, ["negative_original"]), (taken_back, ["retracts_quarantined"])],
        [restated],
    )


def _released(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "retraction_released_with_its_original")
    subject = _subject(parts, "730000000000010")
    start = parts.window.at(1, 9)
    bad = writer.write(subject, start, "5", 1, end=start - HOUR, layer=None)
    key_id = str(bad.row["record_id"])
    taken_back = writer.write(subject, start, "-5", 2, record_type=RETRACTION, record_id=key_id)
    good = writer.write(subject, start, "5", 4, record_id=key_id)
    return _planted(
        "both are quarantined until the ORIGINAL is delivered again without the fault; then both count",
        [],
        [good, taken_back],
    )


def _orphan(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "retraction_with_own_id_of_a_quarantined_record")
    subject = _subject(parts, "730000000000011")
    start = parts.window.at(1, 10)
    bad = writer.write(subject, start, "3", 1, end=start - HOUR, layer=QUARANTINED)
    orphan = writer.write(subject, start, "-3", 2, record_type=RETRACTION)
    return _planted(
        "a RETRACTION with an id of its own cannot be linked: it stays, as a data-quality finding",
        [(bad, ["end_before_start"])],
        [orphan],
    )


CASES = (
    Case("negative_original", _negative),
    Case("end_before_start", _backwards),
    Case("missing_required_field", _missing),
    Case("missing_record_id_replaced", _missing_id_twice),
    Case("unknown_record_type", _unknown_type),
    Case("several_rules_broken", _several),
    Case("rule_breaker_corrected_later", _corrected),
    Case("good_record_replaced_by_a_bad_one", _gone_bad),
    Case("retraction_of_a_quarantined_record", _retracted),
    Case("retraction_released_with_its_original", _released),
    Case("retraction_with_own_id_of_a_quarantined_record", _orphan),
)
