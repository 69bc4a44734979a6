"""Makes accounts for the tests and reads them back, knowing nothing of how they were made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from synthetic_account.cli import main

Row = dict[str, Any]


@dataclass(frozen=True)
class MadeAccount:
    """An account folder."""

    folder: Path

    @property
    def truths(self) -> dict[str, Any]:
        truths: dict[str, Any] = json.loads((self.folder / "truths.json").read_text(encoding="utf-8"))
        return truths

    def files(self, table: str) -> list[tuple[str, Path]]:
        """The files of a table with the date of their delivery, in order."""
        found = sorted((self.folder / "deliveries").glob(f"*/{table}.jsonl"))
        return [(path.parent.name, path) for path in found]

    def rows(self, table: str) -> Iterator[tuple[str, Row]]:
        """Every line of a table with the date of its delivery."""
        for delivered, path in self.files(table):
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    yield delivered, json.loads(line)

    def newest_listing(self, table: str) -> list[Row]:
        """The rows of a table that deliveries replace, as last delivered."""
        newest = self.files(table)[-1][0]
        return [row for delivered, row in self.rows(table) if delivered == newest]

    def plant(self, name: str) -> dict[str, Any]:
        """A planted case by its name."""
        return next(plant for plant in self.truths["plants"] if plant["name"] == name)


def make(
    folder: Path,
    *,
    days: int = 45,
    seed: int = 7,
    size: str = "small",
    last: date | None = None,
    stale: Mapping[str, int] | None = None,
) -> MadeAccount:
    """Run the command line and return what it made."""
    arguments = [str(folder), "--days", str(days), "--seed", str(seed), "--size", size]
    if last is not None:
        arguments += ["--end-date", last.isoformat()]
    for table, stopped in (stale or {}).items():
        arguments += ["--stale", f"{table}={stopped}"]
    assert main(arguments) == 0
    return MadeAccount(folder)
