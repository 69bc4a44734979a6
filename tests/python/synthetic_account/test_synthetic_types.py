"""Every line is what the account folder takes: known columns, exact types."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from made_account import MadeAccount, make

from local_warehouse.account_folder import grown_columns, list_deliveries, read
from local_warehouse.source_tables import known_tables

TABLES = {
    "billing.usage",
    "billing.list_prices",
    "lakeflow.jobs",
    "lakeflow.pipelines",
    "lakeflow.job_run_timeline",
    "lakeflow.job_task_run_timeline",
    "access.workspaces_latest",
    "compute.clusters",
    "compute.node_types",
    "compute.warehouses",
    "lakeflow.pipeline_update_timeline",
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> MadeAccount:
    return make(tmp_path_factory.mktemp("account") / "out")


def test_every_table_is_there(account: MadeAccount) -> None:
    assert set(account.truths["tables"]) == TABLES
    assert all(account.files(table) for table in TABLES)


def test_first_delivery_has_every_table(account: MadeAccount) -> None:
    first = account.truths["first_date"]
    assert set(account.truths["lines_by_delivery"][first]) == TABLES


def test_the_warehouse_takes_every_line_and_finds_no_new_column(account: MadeAccount) -> None:
    known = known_tables()
    lines = 0
    for delivery in list_deliveries(account.folder):
        for file in delivery.files:
            columns = known[file.table.name].columns
            assert grown_columns(file, columns) == columns, file.path
            lines += sum(table.num_rows for table in read(file, columns))
    assert lines == sum(table["lines"] for table in account.truths["tables"].values())


def test_every_column_is_filled_somewhere(account: MadeAccount) -> None:
    """A column that is NULL everywhere would leave its path through the layers untried."""
    for table in TABLES:
        filled = {column for _, row in account.rows(table) for column in row}
        missing = set(known_tables()[table].columns.names) - filled
        assert not missing, table


def test_quantities_use_up_to_eighteen_decimals(account: MadeAccount) -> None:
    decimals = {
        -int(Decimal(row["usage_quantity"]).as_tuple().exponent)
        for _, row in account.rows("billing.usage")
        if "usage_quantity" in row
    }
    assert max(decimals) == 18
    assert 0 in decimals


def test_deliveries_come_on_the_ingestion_date(account: MadeAccount) -> None:
    """Only repeated lines are delivered on another day than their ingestion_date says."""
    late = sum(delivered != row.get("ingestion_date") for delivered, row in account.rows("billing.usage"))
    usage = account.truths["tables"]["billing.usage"]
    assert 0 < late <= usage["lines"] - usage["keys"] + 1


def test_files_end_in_a_line_feed_and_hold_no_blank_line(account: MadeAccount) -> None:
    for table in TABLES:
        for _, path in account.files(table):
            content = path.read_bytes()
            assert content.endswith(b"\n"), path
            assert b"\n\n" not in content and b"\r" not in content, path


def test_every_nested_field_is_filled_somewhere(account: MadeAccount) -> None:
    cases = {
        "usage_with_every_nested_field": "billing.usage",
        "job_with_every_nested_field": "lakeflow.jobs",
        "cluster_with_every_nested_field": "compute.clusters",
    }
    for case, table in cases.items():
        for column, value in account.plant(case)["facts"].items():
            arrow = known_tables()[table].columns.field(column).type
            assert_filled(value, arrow, f"{table}.{column}")


def test_every_nested_field_of_updates_is_filled_somewhere(account: MadeAccount) -> None:
    rows = [row for _, row in account.rows("lakeflow.pipeline_update_timeline")]
    for column, inner in (("trigger_details", "job_task"), ("compute", None)):
        known = known_tables()["lakeflow.pipeline_update_timeline"].columns.field(column).type
        fields = known if inner is None else known.field(inner).type
        found = [row[column] if inner is None else row[column][inner] for row in rows if column in row]
        assert {name for value in found for name in value} == {field.name for field in fields}
    for column in ("refresh_selection", "full_refresh_selection"):
        assert any(len(table) == 3 for row in rows for table in row[column])


def assert_filled(value: Any, arrow: pa.DataType, at: str) -> None:
    """A struct has a value for every field it knows, all the way down."""
    if pa.types.is_list(arrow):
        assert_filled(value[0], arrow.value_type, at)
    elif pa.types.is_struct(arrow):
        assert set(value) == {field.name for field in arrow}, at
        for field in arrow:
            assert_filled(value[field.name], field.type, f"{at}.{field.name}")
    else:
        assert value is not None, at
