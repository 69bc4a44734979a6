"""One warehouse for all tests that need one, reached as its users reach it: by the SQL connector."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from serving_warehouse import Run, Warehouse, start_warehouse


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The warehouse all tests of a session share."""
    started = start_warehouse(tmp_path_factory.mktemp("warehouse") / "home")
    yield started
    started.stop()


@pytest.fixture
def schema(warehouse: Warehouse) -> Iterator[str]:
    """A schema of the test's own, as `catalog.schema`."""
    name = f"platform_observability.s_{uuid.uuid4().hex[:10]}"
    warehouse.rows(f"CREATE SCHEMA {name}")
    yield name
    warehouse.rows(f"DROP SCHEMA IF EXISTS {name} CASCADE")


@pytest.fixture
def run(warehouse: Warehouse, schema: str) -> Iterator[Run]:
    """Runs statements in one session whose current schema is the test's own."""
    catalog, name = schema.split(".")
    with warehouse.connect(catalog=catalog, schema=name) as connection, connection.cursor() as cursor:

        def execute(statement: str) -> list[tuple[Any, ...]]:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

        yield execute
