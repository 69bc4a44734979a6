"""Runs the functions of the model slv_usage_tags on rows written by hand."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

ROOT = Path(__file__).resolve().parents[3]

Tags = Mapping[str, str | None]

#: Read from the shipped files; the default tags of workspaces come with the cases.
SEEDS = ("tag_taxonomy", "tag_key_aliases", "tag_value_aliases")

_USAGE = (
    "record_id string, record_type string, date_key int, usage_start_time timestamp, workspace_id string,"
    " cluster_id string, job_id string, pipeline_id string, custom_tags map<string, string>"
)
_VERSION = "workspace_id string, {} string, valid_from timestamp, tags map<string, string>"


@dataclass(frozen=True)
class Case:
    """A billing record and what its levels say.

    Attributes:
        usage: The record's custom_tags.
        at: Its usage_start_time.
        versions: By level (cluster, job, pipeline), valid_from and tags of each version.
        defaults: The workspace's default tags.
        workspace: What names the workspace; "" for one of the case's own, None where nothing does.
    """

    usage: Tags | None = None
    at: datetime = datetime(2026, 3, 1, 12)
    versions: Mapping[str, Sequence[tuple[datetime, Tags | None]]] = field(default_factory=dict)
    defaults: Mapping[str, str | None] = field(default_factory=dict)
    workspace: str | None = ""


@dataclass(frozen=True)
class Resolved:
    """What became of a case's tags; maps as pairs, since their order counts here."""

    tags: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]
    conflicts: tuple[tuple[str, str, str], ...]
    row_hash: str


class Resolver:
    """The model's functions, imported from its file.

    Args:
        spark: Where they run.
    """

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.model = _imported(ROOT / "models" / "silver" / "billing" / "slv_usage_tags.py")
        self.seeds = {name: self.seed(name) for name in SEEDS}

    def seed(self, name: str) -> DataFrame:
        """A shipped seed: all columns as text, as its YAML declares those that matter here."""
        with (ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            header, *rows = csv.reader(lines)
        return self.spark.createDataFrame(
            [[value or None for value in row] for row in rows], ", ".join(f"{name} string" for name in header)
        )

    def resolve(self, cases: Sequence[Case], partitions: int = 1, **seeds: DataFrame) -> list[Resolved]:
        """Resolve cases together, and give what became of each.

        Args:
            cases: The cases.
            partitions: Into how many parts the records are cut, at first and in each shuffle.
            seeds: Seeds in place of the shipped ones.

        Returns:
            One for each case, in their order.
        """
        # Collected as a map it would come in the order of a hash table.
        entries = {name: F.map_entries(name) for name in ("tags", "tag_sources")}
        with self.shuffling_to(partitions):
            found = self.resolved(cases, partitions, **seeds).withColumns(entries).collect()
        rows = {row["record_id"]: row for row in found}
        assert len(rows) == len(found) == len(cases)
        return [_resolved(rows[f"r{number}"]) for number in range(len(cases))]

    def resolved(self, cases: Sequence[Case], partitions: int = 1, **seeds: DataFrame) -> DataFrame:
        """Give what the model makes of cases, not computed yet; arguments as of `resolve`."""
        records = [
            (
                f"r{number}",
                "ORIGINAL",
                int(f"{case.at:%Y%m%d}"),
                case.at,
                _workspace(number, case),
                *(level if level in case.versions else None for level in ("cluster", "job", "pipeline")),
                case.usage,
            )
            for number, case in enumerate(cases)
        ]
        resolved: DataFrame = self.model.resolve_tags(
            self._frame(records, _USAGE).repartition(partitions),
            **{f"{level}s": self._versions(level, cases) for level in ("cluster", "job", "pipeline")},
            workspace_default_tags=self._frame(
                [
                    (_workspace(number, case), key, value)
                    for number, case in enumerate(cases)
                    for key, value in case.defaults.items()
                ],
                "workspace_id string, tag_key string, tag_value string",
            ),
            **{**self.seeds, **seeds},
        )
        return resolved

    @contextmanager
    def shuffling_to(self, partitions: int) -> Iterator[None]:
        """Plan as for so many parts of a shuffle: where there are several, Spark adapts plans as it goes."""
        wanted = {
            "spark.sql.shuffle.partitions": str(partitions),
            "spark.sql.adaptive.enabled": str(partitions > 1).lower(),
            # Small parts would become one again.
            "spark.sql.adaptive.coalescePartitions.enabled": "false",
        }
        before = {key: self.spark.conf.get(key) for key in wanted}
        try:
            for key, value in wanted.items():
                self.spark.conf.set(key, value)
            yield
        finally:
            for key, held in before.items():
                self.spark.conf.set(key, held)

    def _versions(self, level: str, cases: Iterable[Case]) -> DataFrame:
        rows = [
            (_workspace(number, case), level, start, tags)
            for number, case in enumerate(cases)
            for start, tags in case.versions.get(level, ())
        ]
        return self._frame(rows, _VERSION.format(f"{level}_id"))

    def _frame(self, rows: Sequence[tuple[Any, ...]], schema: str) -> DataFrame:
        return self.spark.createDataFrame(rows, schema)


def _workspace(number: int, case: Case) -> str | None:
    return f"w{number}" if case.workspace == "" else case.workspace


def _resolved(row: Mapping[str, Any]) -> Resolved:
    return Resolved(
        tuple((entry["key"], entry["value"]) for entry in row["tags"]),
        tuple((entry["key"], entry["value"]) for entry in row["tag_sources"]),
        tuple((one["key"], one["level"], one["value"]) for one in row["tag_conflicts"]),
        row["row_hash"],
    )


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
