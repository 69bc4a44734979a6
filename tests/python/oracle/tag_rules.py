"""Which tags a usage record has, from which level, and which levels say otherwise."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

USAGE = "usage"
CLUSTER = "cluster"
JOB = "job"
PIPELINE = "pipeline"
WORKSPACE = "workspace"

LEVELS = (USAGE, CLUSTER, JOB, PIPELINE, WORKSPACE)
"""Nearest first."""

SEEDS_FOLDER = Path(__file__).resolve().parents[3] / "seeds"
"""Where the project keeps what an admin decides."""

REPORTED_KEYS = (
    "line_of_business",
    "department",
    "cost_center",
    "environment",
    "use_case",
    "pipeline_name",
    "workflow_level",
    "parent_workflow_name",
)
"""Tags that are columns of Gold."""

# What separates the words of a key.
_SEPARATORS = re.compile(r"[\s\-._]+")


@dataclass(frozen=True, slots=True)
class TagSeeds:
    """What an admin has decided about tags.

    Attributes:
        key_aliases: Squeezed key (see `squeezed_key`) to canonical key; a canonical key stands for itself.
        value_aliases: (canonical key, value trimmed and in lower case) to canonical value.
        workspace_defaults: workspace_id to raw tags.
    """

    key_aliases: Mapping[str, str] = field(default_factory=dict)
    value_aliases: Mapping[tuple[str, str], str] = field(default_factory=dict)
    workspace_defaults: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)


SHIPPED_SEEDS = TagSeeds(
    {
        **{key.replace("_", ""): key for key in REPORTED_KEYS},
        "costcentre": "cost_center",
        "cc": "cost_center",
        "env": "environment",
        "dept": "department",
        "lob": "line_of_business",
        "businessunit": "line_of_business",
        "usecase": "use_case",
    },
    {
        ("environment", alias): value
        for value, aliases in {
            "prod": ("prod", "prd", "production"),
            "dev": ("dev", "development"),
            "staging": ("stg", "stage", "staging"),
            "uat": ("uat",),
            "test": ("test", "qa"),
        }.items()
        for alias in aliases
    },
)
"""The least that every project knows: the seed files may say more."""


@dataclass(frozen=True, slots=True)
class ResolvedTags:
    """The tags of a usage record.

    Attributes:
        tags: Value by canonical key.
        sources: Level by canonical key.
        conflicts: (key, level, value) of farther levels with another value, by key and then level.
    """

    tags: Mapping[str, str]
    sources: Mapping[str, str]
    conflicts: tuple[tuple[str, str, str], ...]

    def columns(self) -> dict[str, Any]:
        """The columns of `slv_usage_tags` that say the same."""
        names = ("key", "level", "value")
        return {
            "tags": dict(self.tags),
            "tag_sources": dict(self.sources),
            "tag_conflicts": [dict(zip(names, one, strict=True)) for one in self.conflicts],
        }


def read_tag_seeds(folder: Path = SEEDS_FOLDER) -> TagSeeds:
    """The seeds of a project.

    Args:
        folder: Where its seed files are, at any depth.

    Returns:
        What the files say; where there is no such file, what is shipped.

    Raises:
        KeyError: If a file lacks a column.
    """
    aliases = _seed_rows(folder, "tag_key_aliases")
    taxonomy = _seed_rows(folder, "tag_taxonomy")
    values = _seed_rows(folder, "tag_value_aliases")
    canonical = REPORTED_KEYS if taxonomy is None else [row["tag_key"] for row in taxonomy]
    keys = dict(SHIPPED_SEEDS.key_aliases) if aliases is None else {}
    keys |= {squeezed_key(row["alias"]): row["tag_key"] for row in aliases or ()}
    keys |= {squeezed_key(key): key for key in canonical}
    defaults: dict[str, dict[str, str | None]] = {}
    for row in _seed_rows(folder, "workspace_default_tags") or ():
        defaults.setdefault(row["workspace_id"], {})[row["tag_key"]] = row["tag_value"]
    return TagSeeds(
        keys,
        SHIPPED_SEEDS.value_aliases
        if values is None
        else {(row["tag_key"], row["alias"].strip().lower()): row["tag_value"] for row in values},
        defaults,
    )


@lru_cache(maxsize=10_000)
def folded_key(raw: str) -> str:
    """A key in snake case.

    Args:
        raw: The key as someone wrote it.

    Returns:
        It without surrounding blanks, in lower case, one underscore between words: where it had blanks,
        hyphens, dots or underscores, and where camel case begins a word.
    """
    return _SEPARATORS.sub("_", _camel_case_apart(raw.strip())).lower()


def _camel_case_apart(key: str) -> str:
    """Set an underscore where a word of camel case begins, in any alphabet that has capitals."""
    kinds = [unicodedata.category(letter) for letter in key]
    apart = key[:1]
    for at in range(1, len(key)):
        before, kind, after = kinds[at - 1], kinds[at], kinds[at + 1 : at + 2]
        # The last of several capitals begins the word that goes on in small letters.
        begins = kind == "Lu" and (before in ("Ll", "Nd") or (before == "Lu" and after == ["Ll"]))
        apart += ("_" if begins else "") + key[at]
    return apart


@lru_cache(maxsize=10_000)
def squeezed_key(raw: str) -> str:
    """A key as it is compared with canonical keys and aliases.

    Args:
        raw: The key as someone wrote it.

    Returns:
        It in lower case, without blanks, hyphens, dots and underscores.
    """
    return _SEPARATORS.sub("", raw).lower()


def level_tags(raw: Mapping[str, str | None] | None, seeds: TagSeeds) -> dict[str, str]:
    """The tags that one level says, by canonical key.

    Args:
        raw: A map as the source has it.
        seeds: What is decided about tags.

    Returns:
        Canonical key to canonical value. Values that are NULL, empty or blank are missing. Of several keys
        that fold to one, the canonical spelling holds, else the first in alphabetical order.
    """
    spellings: dict[str, str] = {}
    for raw_key, value in (raw or {}).items():
        if value is None or not value.strip():
            continue
        key = seeds.key_aliases.get(squeezed_key(raw_key)) or folded_key(raw_key)
        held = spellings.get(key)
        if held is None or (held != key and (raw_key == key or raw_key < held)):
            spellings[key] = raw_key
    tags = {}
    for key, raw_key in spellings.items():
        value = (raw or {})[raw_key] or ""
        tags[key] = seeds.value_aliases.get((key, value.strip().lower()), value)
    return tags


def resolve(levels: Mapping[str, Mapping[str, str | None] | None], seeds: TagSeeds) -> ResolvedTags:
    """The tags of a usage record.

    Args:
        levels: Raw tags by level; a level that does not apply may be left out.
        seeds: What is decided about tags.

    Returns:
        For each key the value of the nearest level that has one, and what farther levels say otherwise.
    """
    return resolve_canonical({level: level_tags(raw, seeds) for level, raw in levels.items()})


def resolve_canonical(levels: Mapping[str, Mapping[str, str]]) -> ResolvedTags:
    """As `resolve`, from what `level_tags` makes of each level.

    Args:
        levels: Canonical tags by level.

    Returns:
        The resolved tags.
    """
    tags: dict[str, str] = {}
    sources: dict[str, str] = {}
    conflicts: list[tuple[str, int, str]] = []
    for distance, level in enumerate(LEVELS):
        for key, value in levels.get(level, {}).items():
            if key not in tags:
                tags[key], sources[key] = value, level
            elif tags[key] != value:
                conflicts.append((key, distance, value))
    return ResolvedTags(
        tags, sources, tuple((key, LEVELS[distance], value) for key, distance, value in sorted(conflicts))
    )


def _seed_rows(folder: Path, name: str) -> Iterable[dict[str, str]] | None:
    found = sorted(folder.rglob(f"{name}.csv")) if folder.is_dir() else []
    if not found:
        return None
    with found[0].open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
