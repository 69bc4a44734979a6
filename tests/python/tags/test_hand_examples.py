"""Each rule by an example small enough to check by hand."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import pytest

from tags.resolving import Case, Resolved, Resolver

pytestmark = pytest.mark.warehouse

EARLY, NOON, LATE = datetime(2026, 2, 1), datetime(2026, 3, 1, 12), datetime(2026, 4, 1)

#: What a record carries, and its tags after that.
CARRIED: dict[str, tuple[dict[str, str | None] | None, dict[str, str]]] = {
    "no map": (None, {}),
    "an empty map": ({}, {}),
    "camel case": ({"CostCenter": "a"}, {"cost_center": "a"}),
    "camel case that begins small": ({"costCenter": "a"}, {"cost_center": "a"}),
    "capitals": ({"COST_CENTER": "a"}, {"cost_center": "a"}),
    "a hyphen": ({"cost-center": "a"}, {"cost_center": "a"}),
    "a dot": ({"cost.center": "a"}, {"cost_center": "a"}),
    "a space": ({"Cost Center": "a"}, {"cost_center": "a"}),
    "camel case of other letters": (
        {"caf\u00e9Name": "a", "\u00c9TAT\u00c7a": "b"},
        {"caf\u00e9_name": "a", "\u00e9tat_\u00e7a": "b"},
    ),
    "several separators": ({" cost -  center": "a"}, {"cost_center": "a"}),
    "no word break": ({"COSTCENTER": "a"}, {"cost_center": "a"}),
    "an alias": ({"Cost-Centre": "a"}, {"cost_center": "a"}),
    "an alias with breaks of its own": ({"C.C": "a"}, {"cost_center": "a"}),
    "a key nobody declared": ({"HTTPServer2Name": "a"}, {"http_server2_name": "a"}),
    "NULL, empty and blank": ({"a": None, "b": "", "c": " \t\n\u00a0", "d": "x"}, {"d": "x"}),
    "the canonical spelling before others": ({"CostCenter": "b", "cost_center": "a"}, {"cost_center": "a"}),
    "the first raw key by the alphabet": ({"cc": "b", "Cost Centre": "a"}, {"cost_center": "a"}),
    "an empty canonical spelling": ({"CostCenter": "b", "cost_center": " "}, {"cost_center": "b"}),
    "a known value": ({"env": " PRD\t"}, {"environment": "prod"}),
    "a value known of another key": ({"department": "PRD"}, {"department": "PRD"}),
    "an unknown value as it is": ({"env": " Sandbox "}, {"environment": " Sandbox "}),
    "keys by the alphabet": ({"b": "1", "C": "2", "a": "3"}, {"a": "3", "b": "1", "c": "2"}),
}


@pytest.fixture(scope="module")
def carried(resolver: Resolver) -> dict[str, Resolved]:
    found = resolver.resolve([Case(usage=raw) for raw, _ in CARRIED.values()])
    return dict(zip(CARRIED, found, strict=True))


@pytest.mark.parametrize("name", CARRIED)
def test_a_record_s_own_tags(carried: dict[str, Resolved], name: str) -> None:
    tags = CARRIED[name][1]
    assert carried[name].tags == tuple(tags.items())
    assert carried[name].sources == tuple((key, "usage") for key in tags)
    assert carried[name].conflicts == ()


LEVELS: dict[str, tuple[Case, dict[str, tuple[str, str]], tuple[tuple[str, str, str], ...]]] = {
    "per key the nearest level wins": (
        Case(
            {"a": "1"},
            NOON,
            {
                "cluster": [(EARLY, {"a": "2", "b": "2"})],
                "job": [(EARLY, {"a": "3", "b": "3", "c": "3"})],
                "pipeline": [(EARLY, {"a": "4", "b": "4", "c": "4", "d": "4"})],
            },
            {"a": "5", "b": "5", "c": "5", "d": "5", "e": "5"},
        ),
        {
            "a": ("1", "usage"),
            "b": ("2", "cluster"),
            "c": ("3", "job"),
            "d": ("4", "pipeline"),
            "e": ("5", "workspace"),
        },
        (
            ("a", "cluster", "2"),
            ("a", "job", "3"),
            ("a", "pipeline", "4"),
            ("a", "workspace", "5"),
            ("b", "job", "3"),
            ("b", "pipeline", "4"),
            ("b", "workspace", "5"),
            ("c", "pipeline", "4"),
            ("c", "workspace", "5"),
            ("d", "workspace", "5"),
        ),
    ),
    "the same value farther away is no conflict": (
        Case({"env": "prod"}, NOON, {"cluster": [(EARLY, {"Environment": "PRODUCTION"})]}),
        {"environment": ("prod", "usage")},
        (),
    ),
    "a missing value lets a farther level speak": (
        Case({"a": " "}, NOON, {"job": [(EARLY, {"a": "3"})]}),
        {"a": ("3", "job")},
        (),
    ),
    "a version holds from its start": (
        Case({}, NOON, {"job": [(EARLY, {"a": "old"}), (NOON, {"a": "new"})]}),
        {"a": ("new", "job")},
        (),
    ),
    "a version holds until the next one": (
        Case({}, NOON, {"job": [(EARLY, {"a": "old"}), (LATE, {"a": "new"})]}),
        {"a": ("old", "job")},
        (),
    ),
    "before all versions the first one serves": (
        Case({}, NOON, {"cluster": [(LATE, {"a": "first"}), (datetime(2026, 5, 1), {"a": "second"})]}),
        {"a": ("first", "cluster")},
        (),
    ),
    "a version without tags says nothing": (
        Case({}, NOON, {"cluster": [(EARLY, {"a": "old"}), (NOON, None)]}, {"a": "5"}),
        {"a": ("5", "workspace")},
        (),
    ),
    "defaults are spelled freely too": (
        Case({}, NOON, {}, {"Cost Centre": "5", "cost_center": None}),
        {"cost_center": ("5", "workspace")},
        (),
    ),
}


@pytest.fixture(scope="module")
def levelled(resolver: Resolver) -> dict[str, Resolved]:
    found = resolver.resolve([case for case, _, _ in LEVELS.values()])
    return dict(zip(LEVELS, found, strict=True))


@pytest.mark.parametrize("name", LEVELS)
def test_tags_of_levels(levelled: dict[str, Resolved], name: str) -> None:
    _, expected, conflicts = LEVELS[name]
    assert levelled[name].tags == tuple((key, value) for key, (value, _) in expected.items())
    assert levelled[name].sources == tuple((key, level) for key, (_, level) in expected.items())
    assert levelled[name].conflicts == conflicts


def test_a_day_and_a_level_count_for_the_hash_and_the_order_of_a_map_does_not(resolver: Resolver) -> None:
    first, other_order, other_level, other_day = resolver.resolve(
        [
            Case({"a": "1", "b": "2"}),
            Case({"b": "2", "a": "1"}),
            Case({"a": "1"}, versions={"job": [(EARLY, {"b": "2"})]}),
            Case({"a": "1", "b": "2"}, at=LATE),
        ]
    )
    assert first.row_hash == other_order.row_hash
    assert len({first.row_hash, other_level.row_hash, other_day.row_hash}) == 3


def test_what_is_missing_tells_combinations_apart(resolver: Resolver) -> None:
    found = resolver.resolve(
        [
            Case({"a": None, "b": "x"}),
            Case({"a": "x", "b": None}),
            Case(None, versions={"cluster": [(EARLY, {"a": "x"})]}),
            Case(None, versions={"job": [(EARLY, {"a": "x"})]}),
            Case({}, versions={"cluster": [(EARLY, None)], "job": [(EARLY, {"a": "x"})]}),
        ]
    )
    assert [one.sources for one in found] == [
        (("b", "usage"),),
        (("a", "usage"),),
        (("a", "cluster"),),
        (("a", "job"),),
        (("a", "job"),),
    ]


def test_what_is_listed_for_no_workspace_belongs_to_usage_of_none(resolver: Resolver) -> None:
    job = {"job": [(EARLY, {"a": "x"})]}
    of_none, of_one, of_the_same = resolver.resolve(
        [
            Case({}, NOON, job, {"b": "y"}, workspace=None),
            Case({}, NOON, {"job": [(EARLY, {"a": "z"})]}, workspace="one"),
            Case({"b": "w"}, LATE, {"job": []}, workspace="one"),
        ]
    )
    assert (of_none.tags, of_none.sources) == ((("a", "x"),), (("a", "job"),))
    assert of_one.tags == (("a", "z"),)
    assert of_the_same.tags == (("a", "z"), ("b", "w"))


def test_a_default_tag_without_a_key_says_nothing(resolver: Resolver) -> None:
    # The seed's test reports such a row; it comes here all the same.
    nameless = cast("dict[str, str | None]", {None: "x"})
    alone, beside = resolver.resolve(
        [Case(None, defaults=nameless), Case(None, defaults={**nameless, "a": "1", "b": "2"})]
    )
    assert alone.tags == ()
    assert beside.tags == (("a", "1"), ("b", "2"))


def test_records_that_nothing_is_said_of_have_many_names(resolver: Resolver) -> None:
    model = resolver.model
    records = resolver.spark.range(300).selectExpr(
        "cast(id as string) as record_id",
        "'ORIGINAL' as record_type",
        "if(id < 200, null, 'a') as usage_said",
        *(f"cast(null as string) as {said}" for said in model.SAID[1:]),
    )
    told = [row.told for row in records.select(model.combination().alias("told")).collect()]
    assert len(set(told[:200])) > 32
    assert len(set(told[200:])) == 1


def test_names_that_are_shipped(resolver: Resolver) -> None:
    names = {
        **dict.fromkeys(("cost_centre", "costcentre", "costcenter", "cc"), "cost_center"),
        **dict.fromkeys(("lob", "business_unit", "businessunit", "lineofbusiness"), "line_of_business"),
        "env": "environment",
        "dept": "department",
        "usecase": "use_case",
    }
    found = resolver.resolve([Case({name: "a"}) for name in names])
    assert {name: one.tags for name, one in zip(names, found, strict=True)} == {
        name: ((key, "a"),) for name, key in names.items()
    }


def test_no_alias_takes_the_name_of_a_canonical_key(resolver: Resolver) -> None:
    aliases = resolver.spark.createDataFrame(
        [("costcenter", "department"), ("kst", "cost_center")], "alias string, tag_key string"
    )
    (found,) = resolver.resolve(
        [Case({"CostCenter": "a", "Department": "b"}, defaults={"KST": "c"})], tag_key_aliases=aliases
    )
    assert found.tags == (("cost_center", "a"), ("department", "b"))
    assert found.conflicts == (("cost_center", "workspace", "c"),)


def test_without_any_seed_row_keys_still_fold(resolver: Resolver) -> None:
    empty = {name: seed.where("false") for name, seed in resolver.seeds.items()}
    (found,) = resolver.resolve([Case({"CostCentre": "PRD"}, defaults={"Env": "prd"})], **empty)
    assert found.tags == (("cost_centre", "PRD"), ("env", "prd"))
