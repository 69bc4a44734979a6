from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.tag_rules import (
    LEVELS,
    SHIPPED_SEEDS,
    TagSeeds,
    folded_key,
    level_tags,
    read_tag_seeds,
    resolve,
)


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("cost_center", "cost_center"),
        ("CostCenter", "cost_center"),
        ("costCenter", "cost_center"),
        ("cost-center", "cost_center"),
        ("Cost Center", "cost_center"),
        ("COST_CENTER", "cost_center"),
        (" cost.center ", "cost_center"),
        ("Cost - Center", "cost_center"),
        ("CC", "cc"),
        ("HTTPServer", "http_server"),
        ("team2Name", "team2_name"),
        ("aws:createdBy", "aws:created_by"),
    ],
)
def test_keys_fold_to_snake_case(raw: str, folded: str) -> None:
    assert folded_key(raw) == folded


@pytest.mark.parametrize(
    ("raw", "tags"),
    [
        (None, {}),
        ({}, {}),
        ({"cc": "1"}, {"cost_center": "1"}),
        ({"COSTCENTER": "1"}, {"cost_center": "1"}),
        ({"c.c": "1"}, {"cost_center": "1"}),
        ({"businessunit": "retail"}, {"line_of_business": "retail"}),
        ({"Business Unit": "retail"}, {"line_of_business": "retail"}),
        ({"env": "Production"}, {"environment": "prod"}),
        ({"env": " PRD "}, {"environment": "prod"}),
        ({"env": " Sandbox "}, {"environment": " Sandbox "}),
        ({"team": "Production"}, {"team": "Production"}),
        ({"env": None, "dept": "", "cc": "  ", "lob": "\t\n"}, {}),
        # Of two spellings the canonical one holds, else the first raw key by alphabet, capitals first.
        ({"CostCenter": "b", "cost_center": "a"}, {"cost_center": "a"}),
        ({"cc": "one", "Cost Centre": "two"}, {"cost_center": "two"}),
        ({"cost_center": " ", "cc": "one"}, {"cost_center": "one"}),
    ],
)
def test_the_tags_of_one_level(raw: dict[str, str | None] | None, tags: dict[str, str]) -> None:
    assert level_tags(raw, SHIPPED_SEEDS) == tags


def test_the_nearest_level_wins_and_farther_ones_that_differ_are_conflicts() -> None:
    resolved = resolve(
        {
            "usage": {"environment": "prod", "team": ""},
            "cluster": {"env": "dev", "department": "risk", "use_case": "scoring"},
            "job": {"Dept": "finance", "cc": "5", "use_case": "scoring", "env": "production"},
            "pipeline": {"department": "legal"},
            "workspace": {"team": "core", "environment": "qa"},
        },
        SHIPPED_SEEDS,
    )
    assert resolved.columns() == {
        "tags": {
            "environment": "prod",
            "department": "risk",
            "use_case": "scoring",
            "cost_center": "5",
            "team": "core",
        },
        "tag_sources": {
            "environment": "usage",
            "department": "cluster",
            "use_case": "cluster",
            "cost_center": "job",
            "team": "workspace",
        },
        "tag_conflicts": [
            {"key": "department", "level": "job", "value": "finance"},
            {"key": "department", "level": "pipeline", "value": "legal"},
            {"key": "environment", "level": "cluster", "value": "dev"},
            {"key": "environment", "level": "workspace", "value": "test"},
        ],
    }


def test_seed_files_say_what_an_admin_decided(tmp_path: Path) -> None:
    folder = tmp_path / "tags"
    folder.mkdir()
    (folder / "tag_key_aliases.csv").write_text("alias,tag_key\nkst,cost_center\n", encoding="utf-8")
    (folder / "tag_taxonomy.csv").write_text("tag_key,is_required\ncost_center,true\n", encoding="utf-8")
    (folder / "tag_value_aliases.csv").write_text(
        "tag_key,alias,tag_value\ncost_center, X1 ,x-1\n", encoding="utf-8"
    )
    (folder / "workspace_default_tags.csv").write_text(
        "workspace_id,tag_key,tag_value\nw1,KST,x1\nw1,team,core\n", encoding="utf-8"
    )
    seeds = read_tag_seeds(tmp_path)
    assert level_tags(seeds.workspace_defaults["w1"], seeds) == {"cost_center": "x-1", "team": "core"}
    assert level_tags({"cc": "1", "costcenter": "2", "Kost": "3"}, seeds) == {
        "cc": "1",
        "cost_center": "2",
        "kost": "3",
    }
    assert level_tags({"UseCase": "1", "usecase2": "2"}, seeds) == {"use_case": "1", "usecase2": "2"}


def test_without_seed_files_the_shipped_aliases_hold(tmp_path: Path) -> None:
    assert read_tag_seeds(tmp_path) == SHIPPED_SEEDS


def test_the_seeds_of_the_project_say_at_least_what_is_shipped() -> None:
    seeds = read_tag_seeds()
    assert SHIPPED_SEEDS.key_aliases.items() <= dict(seeds.key_aliases).items()
    assert SHIPPED_SEEDS.value_aliases.items() <= dict(seeds.value_aliases).items()


Maps = st.dictionaries(
    st.sampled_from(["env", "ENV", "environment", "team"]), st.sampled_from(["a", "b", ""])
)


@given(st.dictionaries(st.sampled_from(LEVELS), Maps))
def test_every_tag_is_explained_by_its_level_and_no_conflict_agrees(
    levels: Mapping[str, Mapping[str, str]],
) -> None:
    resolved = resolve(levels, TagSeeds({"env": "environment"}))
    assert resolved.tags.keys() == resolved.sources.keys()
    assert all(value != "" for value in resolved.tags.values())
    for key, level, value in resolved.conflicts:
        assert LEVELS.index(level) > LEVELS.index(resolved.sources[key])
        assert value != resolved.tags[key]
    # What is resolved stays as it is when it is resolved again.
    again = resolve({"usage": resolved.tags}, TagSeeds({"env": "environment"}))
    assert (again.tags, again.conflicts) == (resolved.tags, ())
