"""The versions of sources that keep no history, from what each build found there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oracle.account_folder import AccountFolder, as_timestamp
from oracle.compare import ExpectedRows, RowKey

Content = Mapping[str, Any]
"""What is compared of a row, by column."""


@dataclass(frozen=True, slots=True)
class ObservedTable:
    """A source table that holds only what exists now.

    Attributes:
        source: The table.
        silver: The snapshot of what builds saw of it.
        key_columns: Columns that name a row.
        content_columns: Its other columns: a version holds as long as they stay the same.
        created_at: The one of them that says when a row came into being, where there is one.
        double_columns: Those that are no decimals but binary floats.
    """

    source: str
    silver: str
    key_columns: tuple[str, str]
    content_columns: tuple[str, ...]
    created_at: str | None = None
    double_columns: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the snapshot that are compared."""
        times = ("observed_at", "source_removed_at", "valid_from", "valid_to", "is_deleted")
        return (*self.key_columns, *self.content_columns, *times)


WORKSPACES = ObservedTable(
    "access.workspaces_latest",
    "slv_workspaces",
    ("account_id", "workspace_id"),
    ("workspace_name", "workspace_url", "create_time", "status"),
    "create_time",
)
NODE_TYPES = ObservedTable(
    "compute.node_types",
    "slv_node_types",
    ("account_id", "node_type"),
    ("core_count", "memory_mb", "gpu_count"),
    double_columns=("core_count",),
)
OBSERVED_TABLES = (WORKSPACES, NODE_TYPES)

Sight = tuple[AccountFolder, datetime]
"""The account as a build found it, and the clock of that build."""


def versions_seen(
    sights: Iterable[tuple[datetime, Content | None]], created_at: str | None
) -> list[dict[str, Any]]:
    """The versions of one row.

    A version begins when a build sees a content that the build before did not see, the first one when the
    row came into being, if it says so and that is earlier. It ends when a build sees another content, or no
    row at all; only in the second case it has a source_removed_at.

    Args:
        sights: What each build saw, in the order of builds; None where the row was not there.
        created_at: The column that says when the row came into being.

    Returns:
        Rows of the snapshot, in order.
    """
    versions: list[dict[str, Any]] = []
    seen: Content | None = None
    for clock, content in sights:
        if content == seen:
            continue
        if seen is not None:
            versions[-1]["valid_to"] = clock
            versions[-1]["source_removed_at"] = clock if content is None else None
        if content is not None:
            created = content[created_at] if created_at and not versions else None
            versions.append(
                {
                    **content,
                    "observed_at": clock,
                    "source_removed_at": None,
                    "valid_from": clock if created is None else min(created, clock),
                    "valid_to": None,
                    "is_deleted": False,
                }
            )
        seen = content
    return versions


def expected_observations(table: ObservedTable, sights: Sequence[Sight]) -> ExpectedRows:
    """The rows of a snapshot of what builds saw.

    Args:
        table: The table.
        sights: All builds, in order.

    Returns:
        Rows keyed by the table's key and valid_from.

    Raises:
        ValueError: If a build found a key twice: which of the two it takes, only the warehouse knows.
    """
    found = [_contents(table, account) for account, _ in sights]
    rows: dict[RowKey, tuple[Mapping[str, Any]]] = {}
    for key in dict.fromkeys(key for contents in found for key in contents):
        seen = [(clock, contents.get(key)) for contents, (_, clock) in zip(found, sights, strict=True)]
        for version in versions_seen(seen, table.created_at):
            rows[*key, version["valid_from"]] = (dict(zip(table.key_columns, key, strict=True)) | version,)
    return ExpectedRows((*table.key_columns, "valid_from"), table.columns, rows)


def _contents(table: ObservedTable, account: AccountFolder) -> dict[RowKey, Content]:
    contents: dict[RowKey, Content] = {}
    for row in account.rows(table.source):
        key = tuple(row.get(name) for name in table.key_columns)
        content = {name: row.get(name) for name in table.content_columns}
        for name in table.double_columns:
            if (number := row.get(name)) is not None:
                content[name] = float(number)
        if table.created_at is not None:
            content[table.created_at] = as_timestamp(content[table.created_at])
        if contents.setdefault(key, content) != content:
            raise ValueError(f"{table.source} holds {key} twice")
    return contents
