from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from oracle.account_folder import AccountFolder, AccountFolderError, as_date, as_decimal, as_timestamp, member
from oracle.tiny_account import price, usage, write_account


def test_usage_is_appended_and_prices_are_replaced(tmp_path: Path) -> None:
    account = write_account(
        tmp_path,
        {
            "2026-03-02": {"billing.usage": [usage("second")]},
            "2026-03-01": {"billing.usage": [usage("first")], "billing.list_prices": [price("0.1")]},
            "2026-03-03": {"billing.list_prices": [price("0.2"), price("0.3", sku_name="SQL")]},
        },
    )
    assert [row["record_id"] for row in account.rows("billing.usage")] == ["first", "second"]
    assert [row["pricing"]["default"] for row in account.rows("billing.list_prices")] == ["0.2", "0.3"]


def test_until_stops_after_that_day(tmp_path: Path) -> None:
    write_account(
        tmp_path,
        {
            "2026-03-01": {"billing.usage": [usage("first")], "billing.list_prices": [price("0.1")]},
            "2026-03-02": {"billing.usage": [usage("second")], "billing.list_prices": [price("0.2")]},
        },
    )
    account = AccountFolder(tmp_path, until=date(2026, 3, 1))
    assert account.delivery_dates() == [date(2026, 3, 1)]
    assert [row["record_id"] for row in account.rows("billing.usage")] == ["first"]
    assert [row["pricing"]["default"] for row in account.rows("billing.list_prices")] == ["0.1"]


def test_a_table_that_no_delivery_mentions_is_not_there_and_an_empty_one_is(tmp_path: Path) -> None:
    account = write_account(tmp_path, {"2026-03-01": {"billing.usage": []}})
    assert account.has_table("billing.usage")
    assert not account.has_table("billing.list_prices")
    assert list(account.rows("billing.list_prices")) == []


def test_an_account_without_deliveries_is_empty(tmp_path: Path) -> None:
    assert list(write_account(tmp_path, {}).rows("billing.usage")) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[1]", "not a JSON object"),
        ("{", "Expecting"),
        ('{"a": 1, "a": 2}', "named twice"),
        ("", "Expecting"),
    ],
)
def test_a_malformed_line_is_named_by_file_and_number(tmp_path: Path, line: str, reason: str) -> None:
    account = write_account(tmp_path, {"2026-03-01": {"billing.usage": [usage()]}})
    with (tmp_path / "deliveries/2026-03-01/billing.usage.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(AccountFolderError, match=rf"billing\.usage\.jsonl:2: .*{reason}"):
        list(account.rows("billing.usage"))


def test_a_file_it_cannot_read_is_refused_and_not_left_out(tmp_path: Path) -> None:
    write_account(tmp_path, {"2026-03-01": {}})
    (tmp_path / "deliveries/2026-03-01/billing.usage.parquet").touch()
    with pytest.raises(AccountFolderError, match="parquet"):
        AccountFolder(tmp_path)


def test_a_folder_that_is_no_date_is_refused(tmp_path: Path) -> None:
    (tmp_path / "deliveries" / "first").mkdir(parents=True)
    with pytest.raises(AccountFolderError, match="first"):
        AccountFolder(tmp_path)


def test_numbers_never_pass_through_a_binary_float(tmp_path: Path) -> None:
    folder = tmp_path / "deliveries" / "2026-03-01"
    folder.mkdir(parents=True)
    (folder / "billing.usage.jsonl").write_text('{"usage_quantity": 0.100000000000000001}\n')
    (row,) = AccountFolder(tmp_path).rows("billing.usage")
    assert as_decimal(row["usage_quantity"]) == Decimal("0.100000000000000001")


def test_values_are_typed_strictly() -> None:
    assert as_timestamp("2026-01-31T23:00:00.000001Z") == datetime(2026, 1, 31, 23, 0, 0, 1, tzinfo=UTC)
    assert as_date("2026-01-31") == date(2026, 1, 31)
    assert as_decimal("-0.5") == Decimal("-0.5")
    assert [as_timestamp(None), as_date(None), as_decimal(None)] == [None, None, None]
    for read, text in (
        (as_timestamp, "2026-01-31T23:00:00"),
        (as_timestamp, "yesterday"),
        (as_date, "2026-02-30"),
        (as_decimal, "0.1234567890123456789"),
        (as_decimal, "NaN"),
        (as_decimal, "one"),
        (as_decimal, True),
    ):
        with pytest.raises(AccountFolderError):
            read(text)


def test_a_member_of_a_missing_struct_is_missing() -> None:
    row = {"usage_metadata": {"job_id": "7", "genie": None}}
    assert member(row, "usage_metadata", "job_id") == "7"
    assert member(row, "usage_metadata", "genie", "surface") is None
    assert member(row, "product_features", "is_photon") is None
