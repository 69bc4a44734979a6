"""Faults in billing records of the last days, which lower the score of data quality, and what is none."""

from __future__ import annotations

from dataclasses import replace

from synthetic_account.deliveries import USAGE
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Planted
from synthetic_account.plants.latency_cases import REPORT_DAYS
from synthetic_account.plants.records import RecordWriter, Subject, jobs_subject
from synthetic_account.truths import QUARANTINED
from synthetic_account.usage import RESTATEMENT, RETRACTION


def _subject(parts: Parts, job_id: str) -> Subject:
    return jobs_subject(parts, parts.workspace("prod-us"), "ENTERPRISE_JOBS_COMPUTE", job_id=job_id)


def _orphan(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "retraction_of_what_was_not_there")
    day = parts.window.days - 6
    record = writer.write(
        _subject(parts, "730000000000012"), parts.window.at(day, 3), "-8", day, record_type=RETRACTION
    )
    return Planted(
        USAGE,
        [record.key],
        "takes back what nobody was billed for",
        {**record.money, "rule_id": "orphan-retraction", "must_be_reported": True},
    )


def _corrected(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "retraction_of_what_was_there")
    subject = _subject(parts, "730000000000013")
    day = parts.window.days - 8
    start = parts.window.at(day, 3)
    first = writer.write(subject, start, "8", day)
    taken_back = writer.write(subject, start, "-8", day + 1, record_type=RETRACTION)
    restated = writer.write(subject, start, "6", day + 1, record_type=RESTATEMENT)
    return Planted(
        USAGE,
        [first.key, taken_back.key, restated.key],
        "a correction with an id of its own, of a record that was there",
        {**taken_back.money, "rule_id": "orphan-retraction", "must_be_reported": False},
    )


def _negative(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "negative_original_of_late")
    day = parts.window.days - 5
    record = writer.write(
        _subject(parts, "730000000000014"), parts.window.at(day, 3), "-4", day, layer=QUARANTINED
    )
    return Planted(
        USAGE,
        [record.key],
        "an ORIGINAL below zero in the days that reports look at",
        {
            **record.money,
            "quarantined": [{**record.key, "broken_rules": ["negative_original"]}],
            "accepted": [],
            "rule_id": "quarantined-negative-original",
            "must_be_reported": True,
        },
    )


CASES = tuple(
    replace(case, days=REPORT_DAYS)
    for case in (
        Case("retraction_of_what_was_not_there", _orphan),
        Case("retraction_of_what_was_there", _corrected),
        Case("negative_original_of_late", _negative),
    )
)
