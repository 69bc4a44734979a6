"""What holds of any tags, on records drawn at random and resolved together."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from oracle.tag_rules import LEVELS, read_tag_seeds, resolve
from pyspark.sql import functions as F  # noqa: N812
from snapshots.edited_bronze import drawn

from tags.resolving import Case, Resolved, Resolver, Tags

pytestmark = pytest.mark.warehouse

START = datetime(2026, 3, 1)

#: Spellings that meet each other: of canonical keys, of aliases, of keys that no seed knows.
KNOWN_KEYS = st.sampled_from(
    (
        *(
            "env",
            "Env",
            "ENV",
            "environment",
            "Environment",
            "cc",
            "CostCenter",
            "cost-center",
            "Cost Center",
        ),
        *("cost_center", "COSTCENTER", "cost.centre", "Dept", "department", "lob", "BusinessUnit"),
        *("business unit", "team", "Team", "teamName", "team_name", "TEAM NAME", "aB1C", "HTTPServer"),
        *("http server", "_x", " x ", "caféName", "CaféName", "café name", "ÉtatÇa", "ÉTATCivil"),
    )
)
OTHER_KEYS = st.text("aAbB1_- .\0", min_size=1, max_size=6).filter(lambda key: key.strip() != "")
# Levels contradict each other only where they say something of one key.
KEYS = st.one_of(KNOWN_KEYS, KNOWN_KEYS, KNOWN_KEYS, OTHER_KEYS)
VALUES = st.sampled_from(
    [None, "", "  ", "\t\u00a0\n", "prod", " PRD ", "Production", "qa", "x", "X", " x", "é", "1", "\0", "x\0"]
)
TAGS = st.one_of(st.none(), *[st.dictionaries(KEYS, VALUES, min_size=size, max_size=5) for size in (0, 2, 3)])
TIMES = st.integers(-48, 48).map(lambda hours: START + timedelta(hours=hours))
VERSIONS = st.dictionaries(TIMES, TAGS, max_size=4).map(lambda versions: list(versions.items()))
CASES = st.builds(
    Case,
    usage=TAGS,
    at=TIMES,
    versions=st.dictionaries(st.sampled_from(["cluster", "job", "pipeline"]), VERSIONS),
    defaults=st.dictionaries(KEYS, VALUES, max_size=3),
)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return drawn(CASES, 1500)


@pytest.fixture(scope="module")
def found(resolver: Resolver, cases: list[Case]) -> list[Resolved]:
    return resolver.resolve(cases)


def test_the_rules_in_plain_python_say_the_same(cases: list[Case], found: list[Resolved]) -> None:
    seeds = read_tag_seeds()
    for case, resolved in zip(cases, found, strict=True):
        expected = resolve({level: _said(case, level) for level in LEVELS}, seeds)
        assert dict(resolved.tags) == expected.tags, case
        assert dict(resolved.sources) == expected.sources, case
        assert resolved.conflicts == expected.conflicts, case


def test_no_two_combinations_share_a_name(resolver: Resolver) -> None:
    # What a combination's name is made of has this between the values.
    between = resolver.model.SEPARATOR
    values = ("no tag", None, "", between, "x", f"{between}x", f"x{between}", f"x{between}y", "y")
    cases = [
        Case({key: value for key, value in zip(("a", "b", "c"), said, strict=True) if value != "no tag"})
        for said in itertools.product(values, repeat=3)
    ]
    seeds = read_tag_seeds()
    for case, resolved in zip(cases, resolver.resolve(cases), strict=True):
        expected = resolve({level: _said(case, level) for level in LEVELS}, seeds)
        assert dict(resolved.tags) == expected.tags, case


def test_what_a_level_says_is_read_as_it_was_written(resolver: Resolver) -> None:
    model = resolver.model
    texts = st.text(f'{model.SEPARATOR}a[{{"\\,é\n', max_size=3)
    maps = [{}, None, *drawn(st.dictionaries(texts, st.one_of(st.none(), texts), max_size=4), 800)]
    rows = resolver.spark.createDataFrame(list(enumerate(maps)), "at int, tags map<string, string>")
    rows = model.with_said(rows, "job", F.map_keys("tags"), F.map_values("tags"))
    read = rows.select("at", "job_said", model.entries_of(F.col("job_said")).alias("entries")).collect()
    assert len(read) == len(maps)
    for row in read:
        tags = maps[row.at]
        if not tags:
            assert row.job_said is None
            assert row.entries is None
            continue
        found = {entry.key: entry.value or "" for entry in row.entries}
        assert found == {key: value or "" for key, value in tags.items()}
        assert len(row.entries) == len(tags)
    written = [row.job_said for row in read if row.job_said is not None]
    plain = [model.SEPARATOR in said for said in written]
    assert min(plain.count(True), plain.count(False)) > 50


def test_the_cases_are_telling(found: list[Resolved]) -> None:
    levels = [level for resolved in found for _, level in resolved.sources]
    assert all(levels.count(level) > 100 for level in LEVELS)
    assert sum(len(resolved.conflicts) for resolved in found) > 100


def test_resolved_tags_resolve_to_themselves(resolver: Resolver, found: list[Resolved]) -> None:
    again = resolver.resolve([Case(dict(resolved.tags)) for resolved in found])
    for once, twice in zip(found, again, strict=True):
        assert twice.tags == once.tags
        assert {level for _, level in twice.sources} <= {"usage"}
        assert twice.conflicts == ()


def test_no_order_counts(resolver: Resolver, cases: list[Case], found: list[Resolved]) -> None:
    shuffle = random.Random(5).shuffle

    def shuffled(tags: Tags | None) -> Tags | None:
        if tags is None:
            return None
        entries = list(tags.items())
        shuffle(entries)
        return dict(entries)

    def reordered(case: Case) -> Case:
        versions = {
            level: [(start, shuffled(tags)) for start, tags in listed]
            for level, listed in case.versions.items()
        }
        for listed in versions.values():
            shuffle(listed)
        defaults = shuffled(case.defaults) or {}
        return replace(case, usage=shuffled(case.usage), versions=versions, defaults=defaults)

    assert resolver.resolve([reordered(case) for case in cases], partitions=5) == found


def _said(case: Case, level: str) -> Tags | None:
    """The raw tags of a level: those of the last version that has begun, else of the first one."""
    if level == "usage":
        return case.usage
    if level == "workspace":
        return case.defaults
    in_order = sorted(case.versions.get(level, ()), key=lambda version: version[0])
    begun = [tags for start, tags in in_order if start <= case.at] or [tags for _, tags in in_order[:1]]
    return begun[-1] if begun else None
