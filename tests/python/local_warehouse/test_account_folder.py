"""What an account folder may hold, and how precisely a file is refused that holds anything else."""

from __future__ import annotations

import datetime
import json
import re
from decimal import Context, Decimal, Inexact, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_warehouse.account_folder import (
    DeliveryError,
    SourceFile,
    UnknownColumnsError,
    grown_columns,
    list_deliveries,
    read,
    widened_columns,
)
from local_warehouse.source_tables import SourceTable, known_tables, new_names, parse_type

USAGE = known_tables()["billing.usage"]


def table_of(**types: str) -> SourceTable:
    """A table of the given columns, so that a test shows all that matters to it."""
    columns = pa.schema([pa.field(name, parse_type(text)) for name, text in types.items()])
    return SourceTable("billing.usage", (), columns, {})


def rows_of(path: Path, table: SourceTable = USAGE, columns: pa.Schema | None = None) -> list[dict[str, Any]]:
    file = SourceFile(path, table, path.suffix[1:])
    pieces = list(read(file, table.columns if columns is None else columns))
    return [row for piece in pieces for row in piece.to_pylist()]


def written(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "billing.usage.jsonl"
    path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    return path


def refusal(path: Path, table: SourceTable = USAGE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        rows_of(path, table)
    return caught.value


class TestValues:
    def test_every_type_arrives_as_what_it_is(self, tmp_path: Path) -> None:
        table = table_of(
            s="STRING",
            i="BIGINT",
            t="TINYINT",
            f="DOUBLE",
            b="BOOLEAN",
            d="DATE",
            ts="TIMESTAMP",
            n="DECIMAL(38,18)",
            st="STRUCT<x: STRING, y: STRUCT<z: BIGINT>>",
            l="ARRAY<STRUCT<k: STRING>>",
            m="MAP<STRING, MAP<STRING, BIGINT>>",
        )
        line = {
            "s": "a;'`{{ }} ü 🦆",
            "i": -(2**63),
            "t": 127,
            "f": 0.1,
            "b": False,
            "d": "2024-02-29",
            "ts": "2026-01-31T23:00:00.000001Z",
            "n": "12345678901234567890.123456789012345678",
            "st": {"x": None, "y": {"z": 1}},
            "l": [{"k": "v"}, None, {}],
            "m": {"a": {"b": 1}, "": None},
        }
        (row,) = rows_of(written(tmp_path, json.dumps(line)), table)
        assert row == {
            **line,
            "d": datetime.date(2024, 2, 29),
            "ts": datetime.datetime(2026, 1, 31, 23, 0, 0, 1, datetime.UTC),
            "n": Decimal("12345678901234567890.123456789012345678"),
            "l": [{"k": "v"}, None, {"k": None}],
            "m": [("a", [("b", 1)]), ("", None)],
        }

    def test_missing_keys_are_null_and_empty_objects_are_not(self, tmp_path: Path) -> None:
        table = table_of(a="STRING", st="STRUCT<x: STRING>", m="MAP<STRING, STRING>", l="ARRAY<STRING>")
        path = written(tmp_path, "{}", '{"st": {}, "m": {}, "l": []}', '{"st": null, "m": null, "l": null}')
        nothing = {"a": None, "st": None, "m": None, "l": None}
        assert rows_of(path, table) == [nothing, {"a": None, "st": {"x": None}, "m": [], "l": []}, nothing]

    def test_a_number_for_a_decimal_is_taken_by_its_digits(self, tmp_path: Path) -> None:
        path = written(tmp_path, '{"n": 0.100000000000000001}', '{"n": 7}', '{"n": 1e-18}', '{"n": "1E+2"}')
        values = [row["n"] for row in rows_of(path, table_of(n="DECIMAL(38,18)"))]
        assert values == [Decimal("0.100000000000000001"), Decimal(7), Decimal("1e-18"), Decimal(100)]

    def test_an_empty_file_is_a_table_without_rows(self, tmp_path: Path) -> None:
        assert rows_of(written(tmp_path)) == []

    def test_a_last_line_needs_no_line_end_and_line_ends_may_be_those_of_windows(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "billing.usage.jsonl"
        path.write_bytes(b'{"cloud": "AWS"}\r\n{"cloud": "GCP"}')
        assert [row["cloud"] for row in rows_of(path)] == ["AWS", "GCP"]

    def test_separators_inside_strings_do_not_end_a_line(self, tmp_path: Path) -> None:
        text = "\u2028\x85\x0b"
        path = written(tmp_path, json.dumps({"cloud": text}, ensure_ascii=False).replace("\x0b", "\\u000b"))
        assert rows_of(path)[0]["cloud"] == text

    def test_files_larger_than_a_block_keep_their_line_numbers(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("local_warehouse.account_folder._BLOCK_BYTES", 64)
        lines = [json.dumps({"record_id": "x" * (number % 150)}) for number in range(300)]
        assert len(rows_of(written(tmp_path, *lines))) == 300
        lines[250] = '{"record_id": 1}'
        assert refusal(written(tmp_path, *lines)).line == 251


REFUSED: dict[str, tuple[str | bytes, str | None, str]] = {
    "not JSON": ('{"s": }', "7", "not valid JSON"),
    "truncated": ('{"s": "a', "7", "not valid JSON"),
    "empty line": ("", "1", "the line is empty"),
    "not an object": ('["s"]', "1", "must be a JSON object"),
    "two values": ('{"s": "a"} {}', "12", "not valid JSON"),
    "a key twice": ('{"s": "a", "s": "b"}', "s", "twice in one object"),
    "a key twice inside": ('{"st": {"x": "a", "x": "a"}}', "x", "twice in one object"),
    "NaN": ('{"f": NaN}', None, "NaN is not a JSON value"),
    "infinity": ('{"f": -Infinity}', None, "-Infinity is not a JSON value"),
    "not UTF-8": (b'{"s": "\xff"}', "8", "not UTF-8"),
    "half a surrogate pair": ('{"s": "\\ud800"}', "s", "surrogate"),
    "half a surrogate pair as a key": ('{"m": {"\\ud800": "v"}}', "m.key", "surrogate"),
    "a byte order mark": (b'\xef\xbb\xbf{"s": "a"}', "1", "BOM"),
    "number for string": ('{"s": 1}', "s", "a string is expected, and this is the number 1"),
    "string for integer": ('{"i": "1"}', "i", "a whole number is expected"),
    "boolean for integer": ('{"i": true}', "i", "a whole number is expected, and this is a boolean"),
    "fraction for integer": ('{"i": 1.0}', "i", "a whole number is expected"),
    "integer too large": ('{"i": 9223372036854775808}', "i", "out of the range of 64 bits"),
    "small integer too large": ('{"t": 128}', "t", "out of the range of 8 bits"),
    "integer for boolean": ('{"b": 1}', "b", "true or false is expected"),
    "string for double": ('{"f": "1"}', "f", "a number is expected"),
    "double too large": ('{"f": 1e999}', "f", "out of the range of a double"),
    "no such day": ('{"d": "2026-02-30"}', "d", "is not a day of the calendar"),
    "a timestamp for a date": ('{"d": "2026-02-01T00:00:00Z"}', "d", "is not a date"),
    "the year 0": ('{"d": "0000-01-01"}', "d", "is not a day of the calendar"),
    "other digits": ('{"d": "\\uff12\\uff10\\uff12\\uff16-01-01"}', "d", "is not a date"),
    "no zone": ('{"ts": "2026-01-31T23:00:00"}', "ts", "is not a timestamp in UTC"),
    "another zone": ('{"ts": "2026-01-31T23:00:00+01:00"}', "ts", "is not a timestamp in UTC"),
    "nanoseconds": ('{"ts": "2026-01-31T23:00:00.123456789Z"}', "ts", "is not a timestamp in UTC"),
    "hour 24": ('{"ts": "2026-01-31T24:00:00Z"}', "ts", "is not a time of the calendar"),
    "a leap second": ('{"ts": "2016-12-31T23:59:60Z"}', "ts", "is not a time of the calendar"),
    "a line end after a timestamp": ('{"ts": "2026-01-31T23:00:00Z\\n"}', "ts", "is not a timestamp in UTC"),
    "too many digits before the point": (
        '{"n": "123456789012345678901"}',
        "n",
        "does not fit DECIMAL(38,18)",
    ),
    "too many digits after the point": ('{"n": "0.1234567890123456789"}', "n", "nothing is rounded"),
    "no decimal": ('{"n": "12,50"}', "n", "is not a decimal number"),
    "an empty decimal": ('{"n": ""}', "n", "is not a decimal number"),
    "NaN as a decimal": ('{"n": "NaN"}', "n", "is not a decimal number"),
    "string for struct": ('{"st": "x"}', "st", "an object is expected"),
    "array for map": ('{"m": []}', "m", "an object is expected, and this is an array"),
    "object for array": ('{"l": {}}', "l", "an array is expected"),
    "inside a struct": ('{"st": {"x": 1}}', "st.x", "a string is expected"),
    "inside an array": ('{"l": ["a", 2]}', "l.element", "a string is expected"),
    "inside a map": ('{"m": {"k": false}}', "m.value", "a string is expected"),
}


class TestRefusals:
    TABLE = table_of(
        s="STRING",
        i="BIGINT",
        t="TINYINT",
        f="DOUBLE",
        b="BOOLEAN",
        d="DATE",
        ts="TIMESTAMP",
        n="DECIMAL(38,18)",
        st="STRUCT<x: STRING>",
        l="ARRAY<STRING>",
        m="MAP<STRING, STRING>",
    )

    @pytest.mark.parametrize("case", list(REFUSED))
    def test_the_file_the_line_the_column_and_the_reason_are_named(self, tmp_path: Path, case: str) -> None:
        line, column, reason = REFUSED[case]
        good = '{"s": "a", "l": ["b", "c"], "m": {"k": "v", "j": null}, "ts": "2026-01-01T00:00:00Z"}'
        error = refusal(written(tmp_path, good, "{}", line, good), self.TABLE)
        assert (error.line, error.column) == (3, column)
        assert error.file.name == "billing.usage.jsonl"
        assert reason in str(error)
        assert f"{error.file}, line 3" in str(error)

    def test_the_first_wrong_line_is_named_whatever_is_wrong_with_it(self, tmp_path: Path) -> None:
        assert refusal(written(tmp_path, "{}", '{"n": "x"}', '{"s": 1}', "no"), self.TABLE).line == 2

    def test_nesting_without_end_is_refused(self, tmp_path: Path) -> None:
        assert refusal(written(tmp_path, '{"s": ' + "[" * 100_000)).line == 1

    def test_long_values_are_cut_in_the_message_only(self, tmp_path: Path) -> None:
        error = refusal(written(tmp_path, json.dumps({"n": "x" * 65536})), self.TABLE)
        assert len(error.reason) < 200


def exact_decimal(text: str) -> Decimal | None:
    """What DECIMAL(38,18) makes of a text, by the decimal module; None where it must be refused."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", text):
        return None
    try:
        return Decimal(text).quantize(
            Decimal("1e-18"), context=Context(prec=38, traps=[Inexact, InvalidOperation])
        )
    except (Inexact, InvalidOperation):
        return None


decimal_texts = st.one_of(
    st.from_regex(r"-?[0-9]{1,22}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.from_regex(r"0{0,40}[0-9]{1,3}\.[0-9]{1,3}0{0,40}", fullmatch=True),
    st.text(alphabet="0123456789.-+eE _", max_size=8),
)


class TestExactness:
    """The column-wise reading agrees with one worked out value by value."""

    @given(texts=st.lists(decimal_texts, min_size=1, max_size=5))
    def test_decimals(self, texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
        path = written(tmp_path_factory.mktemp("d"), *(json.dumps({"n": text}) for text in texts))
        expected = [exact_decimal(text) for text in texts]
        try:
            found: list[Any] = [row["n"] for row in rows_of(path, table_of(n="DECIMAL(38,18)"))]
        except DeliveryError as error:
            assert error.line is not None
            assert expected[error.line - 1] is None
            assert all(value is not None for value in expected[: error.line - 1])
        else:
            assert found == expected

    @given(
        texts=st.lists(
            st.one_of(
                st.datetimes().map(lambda of: of.isoformat() + "Z"),
                st.from_regex(
                    r"[0-9]{4}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,7})?Z",
                    fullmatch=True,
                ),
            ),
            min_size=1,
            max_size=5,
        )
    )
    def test_timestamps(self, texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
        def exact(text: str) -> datetime.datetime | None:
            if re.search(r"\.\d{7}", text):
                return None
            try:
                found = datetime.datetime.fromisoformat(text)
            except ValueError:
                return None
            # Newer Pythons take 24:00 for midnight.
            return None if text[11:13] == "24" else found

        path = written(tmp_path_factory.mktemp("t"), *(json.dumps({"t": text}) for text in texts))
        expected = [exact(text) for text in texts]
        try:
            found: list[Any] = [row["t"] for row in rows_of(path, table_of(t="TIMESTAMP"))]
        except DeliveryError as error:
            assert error.line is not None
            assert expected[error.line - 1] is None
            assert all(value is not None for value in expected[: error.line - 1])
        else:
            assert found == expected

    @given(
        rows=st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "s": st.none() | st.text(),
                    "i": st.none() | st.integers(-(2**63), 2**63 - 1),
                    "b": st.none() | st.booleans(),
                    "st": st.none()
                    | st.fixed_dictionaries(
                        {}, optional={"x": st.none() | st.text(), "l": st.lists(st.integers(-9, 9))}
                    ),
                    "m": st.none() | st.dictionaries(st.text(), st.none() | st.text()),
                    "l": st.none() | st.lists(st.none() | st.dictionaries(st.text(), st.integers(0, 9))),
                },
            ),
            max_size=6,
        )
    )
    def test_what_goes_in_comes_out(
        self, rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        table = table_of(
            s="STRING",
            i="BIGINT",
            b="BOOLEAN",
            st="STRUCT<x: STRING, l: ARRAY<BIGINT>>",
            m="MAP<STRING, STRING>",
            l="ARRAY<MAP<STRING, BIGINT>>",
        )

        def expected(row: dict[str, Any]) -> dict[str, Any]:
            full = {name: row.get(name) for name in ("s", "i", "b", "st", "m", "l")}
            if full["st"] is not None:
                full["st"] = {"x": full["st"].get("x"), "l": full["st"].get("l")}
            full["m"] = None if full["m"] is None else list(full["m"].items())
            if full["l"] is not None:
                full["l"] = [None if of is None else list(of.items()) for of in full["l"]]
            return full

        path = written(tmp_path_factory.mktemp("r"), *(json.dumps(row) for row in rows))
        assert rows_of(path, table) == [expected(row) for row in rows]


class TestGrowth:
    """Real sources grow: what is new is typed by its values."""

    @staticmethod
    def grown(folder: Path, *rows: dict[str, Any], table: SourceTable | None = None) -> dict[str, str]:
        table = table or table_of(s="STRING", st="STRUCT<x: STRING>", l="ARRAY<STRUCT<y: BIGINT>>")
        path = written(folder, *(json.dumps(row) for row in rows))
        columns = grown_columns(SourceFile(path, table, "jsonl"), table.columns)
        assert len(rows_of(path, table, columns)) == len(rows)
        return dict(new_names(table.columns, columns))

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            (["a", None], "STRING"),
            ([1, -5], "BIGINT"),
            ([1, 2.5], "DOUBLE"),
            ([True], "BOOLEAN"),
            (["2026-01-31", "2026-02-01"], "DATE"),
            (["2026-01-31T00:00:00Z"], "TIMESTAMP"),
            (["2026-01-31", "soon"], "STRING"),
            (["2026-02-30"], "STRING"),
            ([[], [1]], "ARRAY<BIGINT>"),
            ([{"a": 1, "b": "x"}, {"c": True}], "STRUCT<`a`: BIGINT, `b`: STRING, `c`: BOOLEAN>"),
            ([{"with blank": "x"}, {"b": "y"}], "MAP<STRING, STRING>"),
            ([[{"a": "2026-01-31"}]], "ARRAY<STRUCT<`a`: DATE>>"),
        ],
    )
    def test_a_new_column_is_typed_by_its_values(self, tmp_path: Path, values: list[Any], text: str) -> None:
        assert self.grown(tmp_path, *({"new": value} for value in values)) == {"new": text}

    @pytest.mark.parametrize(
        ("held", "values", "text"),
        [
            ("BIGINT", [1, 2.5], "DOUBLE"),
            ("DOUBLE", [1], "DOUBLE"),
            ("DATE", ["soon"], "STRING"),
            ("DATE", ["2026-01-31T00:00:00Z"], "STRING"),
            ("TIMESTAMP", ["2026-01-31"], "STRING"),
            ("STRING", ["2026-01-31"], "STRING"),
            ("BIGINT", ["a"], "BIGINT"),
            ("STRUCT<`a`: BIGINT, `b`: BOOLEAN>", [{"a": 0.5}], "STRUCT<`a`: DOUBLE, `b`: BOOLEAN>"),
            ("ARRAY<MAP<STRING, DATE>>", [[{"a b": "soon"}]], "ARRAY<MAP<STRING, STRING>>"),
        ],
    )
    def test_a_column_that_has_grown_becomes_wider_where_that_holds_all_values(
        self, tmp_path: Path, held: str, values: list[Any], text: str
    ) -> None:
        declared = table_of(s="STRING")
        known = table_of(s="STRING", new=held).columns
        path = written(tmp_path, *(json.dumps({"new": value}) for value in values))
        file = SourceFile(path, declared, "jsonl")
        wider = widened_columns(file, known)
        assert dict(new_names(declared.columns, wider)) == {"new": text}
        if text != held:
            assert len(rows_of(path, declared, wider)) == len(values)

    def test_what_is_declared_keeps_its_type(self, tmp_path: Path) -> None:
        table = table_of(i="BIGINT", st="STRUCT<d: DATE>")
        path = written(tmp_path, json.dumps({"i": 2.5, "st": {"d": "soon"}}))
        assert widened_columns(SourceFile(path, table, "jsonl"), table.columns) == table.columns

    def test_names_that_say_tags_make_a_map(self, tmp_path: Path) -> None:
        assert self.grown(tmp_path, {"budget_tags": {"team": "a"}}) == {"budget_tags": "MAP<STRING, STRING>"}

    def test_a_new_field_inside_a_struct_or_an_array_is_named_by_its_path(self, tmp_path: Path) -> None:
        grown = self.grown(tmp_path, {"st": {"x": "a", "z": 1}}, {"l": [{"y": 1}, {"w": "b"}]})
        assert grown == {"st.z": "BIGINT", "l.element.w": "STRING"}

    @pytest.mark.parametrize("nothing", [None, {}, [], [None], {"a": None, "b": [{}]}])
    def test_a_new_column_without_any_value_waits_for_one(self, tmp_path: Path, nothing: Any) -> None:
        assert self.grown(tmp_path, {"s": "a", "new": nothing}, {"st": {"new": nothing}}) == {}

    def test_reading_says_that_there_is_something_new(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownColumnsError):
            rows_of(written(tmp_path, '{"s": "a", "new": 1}'), table_of(s="STRING"))

    @pytest.mark.parametrize(
        ("rows", "column", "reason"),
        [
            ([{"new": 1}, {"new": "a"}], "new", "values of two kinds: STRING here, BIGINT before (line 1)"),
            ([{"new": 2**63}], "new", "out of the range"),
            ([{"s": "a"}, {"S": "a"}], "S", "names differing by upper and lower case only"),
            ([{"a": 1}, {"A": 1}], "A", "names differing by upper and lower case only"),
            ([{"s": "a"}, {"a b": 1}], "a b", "may not hold blanks"),
            ([{"s": "a"}, {"st": {"a<b": 1}}], "st.a<b", "any of , ; { } ( ) = < > :"),
            ([{"s": "a"}, {"a:b": 1}], "a:b", "any of , ; { } ( ) = < > :"),
        ],
    )
    def test_what_no_table_can_hold_is_refused(
        self, tmp_path: Path, rows: list[dict[str, Any]], column: str, reason: str
    ) -> None:
        with pytest.raises(DeliveryError) as caught:
            self.grown(tmp_path, *rows)
        assert caught.value.column == column
        assert caught.value.line == len(rows)
        assert reason in str(caught.value)


class TestParquet:
    TABLE = table_of(
        s="STRING",
        i="INT",
        n="DECIMAL(38,18)",
        ts="TIMESTAMP",
        st="STRUCT<x: STRING, y: BIGINT>",
        l="ARRAY<BIGINT>",
        m="MAP<STRING, BIGINT>",
    )

    @staticmethod
    def written(folder: Path, **columns: pa.Array) -> Path:
        path = folder / "billing.usage.parquet"
        pq.write_table(pa.table(columns), path)
        return path

    def test_columns_are_matched_by_name_and_cast_where_nothing_is_lost(self, tmp_path: Path) -> None:
        path = self.written(
            tmp_path,
            m=pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
            l=pa.array([[1, None]], pa.large_list(pa.int16())),
            st=pa.array([{"y": 2, "x": "a"}], pa.struct([("y", pa.int32()), ("x", pa.large_string())])),
            ts=pa.array([datetime.datetime(2026, 1, 1, 12)], pa.timestamp("ns")),
            n=pa.array([Decimal("1.50")], pa.decimal128(10, 2)),
            s=pa.array(["a"]).dictionary_encode(),
        )
        assert rows_of(path, self.TABLE) == [
            {
                "s": "a",
                "i": None,
                "n": Decimal("1.50"),
                "ts": datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC),
                "st": {"x": "a", "y": 2},
                "l": [1, None],
                "m": [("a", 1)],
            }
        ]

    def test_lists_read_in_slices_keep_their_elements(self, tmp_path: Path) -> None:
        values = [[number, number + 1] if number % 3 else None for number in range(200_000)]
        path = self.written(tmp_path, l=pa.array(values, pa.list_(pa.int32())))
        assert [row["l"] for row in rows_of(path, table_of(l="ARRAY<BIGINT>"))] == values

    @pytest.mark.parametrize(
        ("column", "array"),
        [
            ("n", pa.array([1.5])),
            ("n", pa.array([Decimal("0.1234567890123456789")], pa.decimal128(38, 19))),
            ("n", pa.array([Decimal("5.2E21")], pa.decimal128(38, 0))),
            ("i", pa.array([2**31])),
            ("i", pa.array(["1"])),
            ("s", pa.array([1])),
            ("ts", pa.array([1], pa.timestamp("ns", "UTC"))),
            ("ts", pa.array(["2026-01-01T00:00:00Z"])),
        ],
    )
    def test_what_would_lose_something_is_refused(self, tmp_path: Path, column: str, array: pa.Array) -> None:
        error = refusal(self.written(tmp_path, **{column: array}), self.TABLE)
        assert error.column == column

    def test_a_folder_of_files_is_one_table(self, tmp_path: Path) -> None:
        folder = tmp_path / "billing.usage.parquet"
        folder.mkdir()
        for number in range(3):
            pq.write_table(pa.table({"i": [number]}), folder / f"part-{number}.parquet")
        (folder / "_SUCCESS").touch()
        (folder / "_temporary").mkdir()
        pq.write_table(pa.table({"i": [9]}), folder / "_temporary" / "part-9.parquet")
        assert [row["i"] for row in rows_of(folder, self.TABLE)] == [0, 1, 2]

    def test_a_new_column_keeps_its_type(self, tmp_path: Path) -> None:
        path = self.written(tmp_path, i=pa.array([1]), new=pa.array([[b"x"]], pa.list_(pa.binary())))
        columns = grown_columns(SourceFile(path, self.TABLE, "parquet"), self.TABLE.columns)
        assert new_names(self.TABLE.columns, columns) == [("new", "ARRAY<BINARY>")]
        assert rows_of(path, self.TABLE, columns)[0]["new"] == [b"x"]

    def test_what_is_no_parquet_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "billing.usage.parquet"
        path.write_text("no")
        assert "not a Parquet file" in str(refusal(path))


class TestFolders:
    @staticmethod
    def deliver(account: Path, date: str, name: str) -> Path:
        path = account / "deliveries" / date / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        return path

    def test_deliveries_come_in_date_order_up_to_a_date(self, tmp_path: Path) -> None:
        for date in ("2026-02-01", "2025-12-31", "2026-01-15"):
            self.deliver(tmp_path, date, "billing.usage.jsonl")
        until = datetime.date(2026, 1, 15)
        assert [str(of.date) for of in list_deliveries(tmp_path, until)] == ["2025-12-31", "2026-01-15"]

    def test_all_tables_of_the_reference_are_known(self, tmp_path: Path) -> None:
        for name in known_tables():
            self.deliver(tmp_path, "2026-01-01", f"{name}.jsonl")
        (delivery,) = list_deliveries(tmp_path)
        assert len(delivery.files) == 17

    def test_hidden_files_are_no_part_of_a_delivery(self, tmp_path: Path) -> None:
        self.deliver(tmp_path, "2026-01-01", "_SUCCESS")
        self.deliver(tmp_path, "2026-01-01", ".DS_Store")
        (tmp_path / "deliveries" / ".tmp").mkdir()
        (delivery,) = list_deliveries(tmp_path)
        assert delivery.files == ()

    @pytest.mark.parametrize(
        ("date", "name", "reason"),
        [
            ("2026-02-30", "billing.usage.jsonl", "named by its date"),
            ("20260101", "billing.usage.jsonl", "named by its date"),
            ("2026-01-01", "billing.usages.jsonl", "known are access.audit,"),
            ("2026-01-01", "billing.usage.csv", "expected <schema>.<table>.jsonl"),
            ("2026-01-01", "usage.jsonl", "not a system table known here"),
        ],
    )
    def test_what_is_no_delivery_is_named(self, tmp_path: Path, date: str, name: str, reason: str) -> None:
        self.deliver(tmp_path, date, name)
        with pytest.raises(DeliveryError, match=reason):
            list_deliveries(tmp_path)

    def test_a_table_delivered_in_two_formats_is_refused(self, tmp_path: Path) -> None:
        self.deliver(tmp_path, "2026-01-01", "billing.usage.jsonl")
        self.deliver(tmp_path, "2026-01-01", "billing.usage.parquet")
        with pytest.raises(DeliveryError, match="twice on one day"):
            list_deliveries(tmp_path)

    def test_an_account_without_deliveries_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(DeliveryError, match="a folder 'deliveries'"):
            list_deliveries(tmp_path)

    def test_the_hash_is_that_of_names_and_contents(self, tmp_path: Path) -> None:
        path = self.deliver(tmp_path, "2026-01-01", "billing.usage.jsonl")
        (delivery,) = list_deliveries(tmp_path)
        before = delivery.content_hash()
        path.write_text("{}\n")
        after = delivery.content_hash()
        assert after != before
        path.rename(path.with_name("billing.list_prices.jsonl"))
        (renamed,) = list_deliveries(tmp_path)
        assert renamed.content_hash() != after
