"""Commits written without Spark: what they say, and which tables they leave to Spark."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local_warehouse import delta_log
from local_warehouse.delta_log import NotPlainError, Transaction
from local_warehouse.source_tables import TIMESTAMP

COLUMNS = pa.schema([("id", pa.string()), ("at", TIMESTAMP), ("day", pa.date32())])


def add(
    folder: Path,
    number: int,
    *rows: Sequence[Any],
    replace: bool = False,
    columns: pa.Schema = COLUMNS,
    application: str = "test",
) -> bool:
    staged = folder.parent / f"staged-{number}.parquet"
    arrays = [pa.array([row[at] for row in rows], of.type) for at, of in enumerate(columns)]
    pq.write_table(pa.Table.from_arrays(arrays, schema=columns), staged)
    return delta_log.commit(
        folder,
        Transaction(application, number),
        {f"{number}.parquet": staged} if rows else {},
        replace=replace,
        columns=columns,
        comments={"id": "what it is"},
        statistics=["at", "day", "id"],
    )


def commits(folder: Path) -> list[list[dict[str, Any]]]:
    found = sorted((folder / "_delta_log").glob("*.json"))
    return [[json.loads(line) for line in path.read_text().splitlines()] for path in found]


def change(folder: Path, **metadata: Any) -> None:
    """Do to a table what a user's ALTER TABLE does."""
    described = next(of["metaData"] for of in commits(folder)[0] if "metaData" in of)
    version = len(commits(folder))
    path = folder / "_delta_log" / f"{version:020}.json"
    path.write_text(json.dumps({"metaData": described | metadata}) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "table"


def statistics(folder: Path) -> dict[str, Any]:
    added = [of["add"] for of in commits(folder)[-1] if "add" in of]
    found: dict[str, Any] = json.loads(added[0]["stats"])
    return found


def test_ranges_hold_every_value_of_the_file(folder: Path) -> None:
    early = datetime.datetime(2026, 1, 31, 23, 59, 59, 999_999, datetime.UTC)
    add(folder, 1, ("b" * 40, early, early.date()), ("a" * 40, early, None), (None, None, None))
    assert statistics(folder) == {
        "numRecords": 3,
        "minValues": {"id": "a" * 32, "at": "2026-01-31T23:59:59.999Z", "day": "2026-01-31"},
        "maxValues": {"id": "b" * 32 + "\U0010ffff", "at": "2026-02-01T00:00:00.000Z", "day": "2026-01-31"},
        "nullCount": {"id": 1, "at": 1, "day": 2},
    }


def test_a_range_that_cannot_be_told_is_left_out(folder: Path) -> None:
    last = datetime.datetime(9999, 12, 31, 23, 59, 59, 999_999, datetime.UTC)
    add(folder, 1, ("\U0010ffff" * 40, last, None))
    found = statistics(folder)
    assert found["minValues"].keys() == {"id", "at"} and found["maxValues"] == {}
    assert found["nullCount"] == {"id": 0, "at": 0, "day": 1}


def test_a_write_takes_place_once_and_one_that_changes_nothing_not_at_all(folder: Path) -> None:
    assert add(folder, 1, ("a", None, None))
    assert not add(folder, 1, ("a", None, None))
    assert not add(folder, 2)
    assert len(commits(folder)) == 1
    assert add(folder, 3, replace=True)
    assert [of["remove"]["path"] for of in commits(folder)[-1] if "remove" in of] == ["1.parquet"]


def test_a_table_grows_and_keeps_what_it_has(folder: Path) -> None:
    add(folder, 1, ("a", None, None))
    wider = pa.schema([("id", pa.string()), ("more", pa.struct([("a", pa.int64())]))])
    add(folder, 2, ("b", {"a": 1}), columns=wider)
    widest = pa.schema([("id", pa.string()), ("more", pa.struct([("b", pa.list_(pa.date32()))]))])
    add(folder, 3, ("c", {"b": []}), columns=widest)
    described = [of["metaData"] for lines in commits(folder) for of in lines if "metaData" in of]
    assert len({of["id"] for of in described}) == 1
    fields = json.loads(described[-1]["schemaString"])["fields"]
    assert [of["name"] for of in fields] == ["id", "at", "day", "more"]
    assert fields[0]["metadata"] == {"comment": "what it is"}
    assert [(of["name"], of["type"]) for of in fields[3]["type"]["fields"]] == [
        ("a", "long"),
        ("b", {"type": "array", "elementType": "date", "containsNull": True}),
    ]


def test_a_commit_of_somebody_else_meanwhile_comes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(folder, 1, ("a", None, None))
    publish = delta_log._publish

    def too_late(log: Path, version: int, actions: Sequence[dict[str, Any]]) -> None:
        monkeypatch.setattr(delta_log, "_publish", publish)
        add(folder, 7, ("theirs", None, None), application="another")
        publish(log, version, actions)

    monkeypatch.setattr(delta_log, "_publish", too_late)
    add(folder, 2, ("b", None, None), replace=True)
    assert [of["remove"]["path"] for of in commits(folder)[2] if "remove" in of] == ["1.parquet", "7.parquet"]
    assert list((folder / "_delta_log").glob("*.tmp")) == []


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"partitionColumns": ["day"]}, "partitioned"),
        ({"configuration": {"delta.enableChangeDataFeed": "true"}}, "enableChangeDataFeed"),
        ({"schemaString": '{"type":"struct","fields":[{"name":"ID","type":"string"}]}'}, "other letters"),
        ({"schemaString": '{"type":"struct","fields":[{"name":"id","type":"long"}]}'}, "column id is"),
        (
            {"schemaString": '{"type":"struct","fields":[{"name":"x","type":"long","nullable":false}]}'},
            "constraint",
        ),
    ],
)
def test_what_only_spark_can_write_is_left_alone(folder: Path, metadata: dict[str, Any], reason: str) -> None:
    add(folder, 1, ("a", None, None))
    if "schemaString" in metadata:
        described = json.loads(metadata["schemaString"])
        plain = {"nullable": True, "metadata": {}}
        described["fields"] = [plain | of for of in described["fields"]]
        metadata = {"schemaString": json.dumps(described)}
    change(folder, **metadata)
    with pytest.raises(NotPlainError, match=reason):
        add(folder, 2, ("b", None, None))
    assert len(commits(folder)) == 2


def test_a_newer_protocol_is_left_alone(folder: Path) -> None:
    add(folder, 1, ("a", None, None))
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "writerFeatures": ["rowTracking"]}
    (folder / "_delta_log" / f"{1:020}.json").write_text(json.dumps({"protocol": protocol}) + "\n")
    with pytest.raises(NotPlainError, match="rowTracking"):
        add(folder, 2, ("b", None, None))


def test_checkpoints_stand_for_the_commits_before_them(folder: Path) -> None:
    for number in range(1, 13):
        add(folder, number, (str(number), None, None), replace=number == 5)
    for path in sorted((folder / "_delta_log").glob("*.json"))[:10]:
        path.unlink()
    assert not add(folder, 12, ("12", None, None))
    add(folder, 13, replace=True)
    removed = [of["remove"]["path"] for of in commits(folder)[-1] if "remove" in of]
    assert removed == [f"{number}.parquet" for number in range(5, 13)]
