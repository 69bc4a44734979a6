"""Lives of jobs that end: when the deletion was noted, how often, and what is known besides."""

from __future__ import annotations

import json

from synthetic_account.deliveries import JOBS
from synthetic_account.jobs import JobVersion
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Planted
from synthetic_account.plants.entities import life, planted_job, version_key

_TAGS = {"environment": "prod"}
_Life = tuple[int, int | None, str, bool]


def _deletion(change: int, at: int | None = None, known: int | None = None, name: str = "gone") -> JobVersion:
    return JobVersion(change, f"planted {name}", _TAGS, deleted=True, known=known, delete_time=at)


def _planted(
    parts: Parts,
    case: str,
    expect: str,
    versions: list[JobVersion],
    lives: list[_Life],
    created: int | None = None,
) -> Planted:
    """Plant a job and note its versions: start, end, name, and whether a deletion ended it."""
    job = planted_job(parts, case, versions)
    if created is not None:
        job.created = created
    facts = life(
        [
            (start, end, {"name": f"planted {name}", "is_deleted": deleted})
            for start, end, name, deleted in lives
        ]
    )
    keys = [version_key(job, version) for version in versions]
    return Planted(JOBS, keys, expect, {"versions": facts, "is_deleted": lives[-1][3]})


def _noted_later(parts: Parts) -> Planted:
    born, gone, noted = parts.window.at(-50, 8), parts.window.at(2, 16), parts.window.at(2, 16, 5)
    return _planted(
        parts,
        "delete_time_before_change_time",
        "closed at its delete_time, not at the change_time of the deleting row",
        [JobVersion(born, "planted job", _TAGS), _deletion(noted, gone)],
        [(born, gone, "job", True)],
    )


def _noted_earlier(parts: Parts) -> Planted:
    born, gone, noted = parts.window.at(-50, 8), parts.window.at(2, 16, 10), parts.window.at(2, 16)
    return _planted(
        parts,
        "delete_time_after_change_time",
        "closed at its delete_time, though the deleting row is older",
        [JobVersion(born, "planted job", _TAGS), _deletion(noted, gone)],
        [(born, gone, "job", True)],
    )


def _arrives_late(parts: Parts) -> Planted:
    born, gone, back = parts.window.at(-50, 8), parts.window.at(1, 18), parts.window.at(2, 8)
    versions = [
        JobVersion(born, "planted first life", _TAGS),
        JobVersion(back, "planted second life", _TAGS),
        _deletion(gone, known=parts.window.at(3, 12)),
    ]
    return _planted(
        parts,
        "deletion_arrives_after_the_recreation",
        "the gap between two lives opens when the deletion arrives; the second life stays current",
        versions,
        [(born, gone, "first life", True), (back, None, "second life", False)],
    )


def _deleted_twice(parts: Parts) -> Planted:
    born, first, second = parts.window.at(-50, 8), parts.window.at(2, 10), parts.window.at(2, 11)
    return _planted(
        parts,
        "deleted_twice",
        "two deletions of one life: the earlier one closes it",
        [JobVersion(born, "planted job", _TAGS), _deletion(first), _deletion(second)],
        [(born, first, "job", True)],
    )


def _same_second(parts: Parts) -> Planted:
    born, edited = parts.window.at(-50, 8), parts.window.at(2, 15)
    return _planted(
        parts,
        "edited_and_deleted_in_one_second",
        "the edit is a version without length",
        [
            JobVersion(born, "planted job", _TAGS),
            JobVersion(edited, "planted edit", _TAGS),
            _deletion(edited + 60, edited),
        ],
        [(born, edited, "job", False), (edited, edited, "edit", True)],
    )


def _only_deletions(parts: Parts) -> Planted:
    created, first, second = parts.window.at(-500, 8), parts.window.at(2, 11), parts.window.at(2, 12)
    return _planted(
        parts,
        "only_deletions_are_known",
        "one version, of the row with the earlier delete_time, from create_time on",
        [_deletion(first, name="first"), _deletion(second, name="second")],
        [(created, first, "first", True)],
        created,
    )


def _created_later(parts: Parts) -> Planted:
    created, gone = parts.window.at(2, 13), parts.window.at(2, 11)
    return _planted(
        parts,
        "only_a_deletion_before_its_creation_is_known",
        "one version without length, at delete_time",
        [_deletion(gone)],
        [(gone, gone, "gone", True)],
        created,
    )


def _unknown_life(parts: Parts) -> Planted:
    gone, back = parts.window.at(1, 10), parts.window.at(2, 8)
    return _planted(
        parts,
        "deletion_of_a_life_nobody_knows",
        "the deletion closes nothing: no version began before it",
        [_deletion(gone), JobVersion(back, "planted new life", _TAGS)],
        [(back, None, "new life", False)],
    )


def _deleted_between(parts: Parts) -> Planted:
    """Everything arrives in one delivery: two lives, edits in both, and both deletions."""
    at = parts.window.at
    first, edited, gone = at(1, 8), at(2, 8), at(2, 9)
    back, again, end = at(2, 10), at(2, 11), at(2, 12)
    versions = [
        JobVersion(first, "planted one", _TAGS, known=at(2, 13)),
        JobVersion(edited, "planted two", _TAGS),
        _deletion(gone),
        JobVersion(back, "planted three", _TAGS),
        JobVersion(again, "planted four", _TAGS),
        _deletion(end),
    ]
    return _planted(
        parts,
        "two_lives_in_one_delivery",
        "four versions and a gap, from one delivery",
        versions,
        [
            (first, edited, "one", False),
            (edited, gone, "two", True),
            (back, again, "three", False),
            (again, end, "four", True),
        ],
    )


def _other_values(parts: Parts) -> Planted:
    case = "same_change_time_other_values"
    born, change = parts.window.at(-50, 8), parts.window.at(1, 9)
    versions = [
        JobVersion(born, "planted once", _TAGS),
        JobVersion(change, "planted one way", _TAGS),
        JobVersion(change, "planted another way", _TAGS, known=parts.window.at(2, 9)),
    ]
    job = planted_job(parts, case, versions)
    keys = [version_key(job, version) for version in versions[:2]]
    return Planted(
        JOBS,
        keys,
        "one version for that change_time, with one of two names: the source gives no order between them",
        {
            "versions": life([(born, change, {"name": "planted once"}), (change, None, {})]),
            "last_name_is_one_of": ["planted one way", "planted another way"],
        },
    )


def _without_change_time(parts: Parts) -> Planted:
    born = parts.window.at(-50, 8)
    version = JobVersion(born, "planted job", _TAGS)
    job = planted_job(parts, "version_without_change_time", [version])
    row = json.loads(job.line(parts.account_id, JobVersion(born, "planted nowhere", _TAGS)))
    del row["change_time"]
    day = parts.deliveries.arrival(JOBS, 1)
    if day is not None:
        parts.deliveries.add(JOBS, day, json.dumps(row, ensure_ascii=False) + "\n")
    return Planted(
        JOBS,
        [version_key(job, version)],
        "a row without change_time stays in Bronze: it has no place in the history",
        {"versions": life([(born, None, {"name": "planted job"})])},
    )


CASES = (
    Case("delete_time_before_change_time", _noted_later),
    Case("delete_time_after_change_time", _noted_earlier),
    Case("deletion_arrives_after_the_recreation", _arrives_late),
    Case("deleted_twice", _deleted_twice),
    Case("edited_and_deleted_in_one_second", _same_second),
    Case("only_deletions_are_known", _only_deletions),
    Case("only_a_deletion_before_its_creation_is_known", _created_later),
    Case("deletion_of_a_life_nobody_knows", _unknown_life),
    Case("two_lives_in_one_delivery", _deleted_between),
    Case("same_change_time_other_values", _other_values),
    Case("version_without_change_time", _without_change_time),
)
