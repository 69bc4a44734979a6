"""Materialized views: their rows as a Delta table, their query beside it, worked out anew by each REFRESH.

A refresh is one commit and computes everything. Nothing refreshes a view by itself: there is no service that
is always up, so schedules are refused. dbt refreshes its materialized views at every run.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from local_warehouse import results, unity
from local_warehouse.catalog import MaterializedView, Name, latest_version
from local_warehouse.client_session import Session, answer_context_functions
from local_warehouse.errors import WarehouseError, unsupported
from local_warehouse.lexer import Kind, quoted, string_value
from local_warehouse.names import Statement, read_name, translate
from local_warehouse.results import Result

_COPIED_CLAUSES = frozenset(("PARTITIONED", "CLUSTER", "COMMENT", "TBLPROPERTIES"))
_CHANGES = frozenset(
    (
        "INSERT",
        "MERGE",
        "UPDATE",
        "DELETE",
        "TRUNCATE",
        "ALTER",
        "CREATE",
        "REPLACE",
        "DROP",
        "COPY",
        "RESTORE",
    )
)


@dataclass(frozen=True)
class _Column:
    """A column as the statement lists it."""

    name: str
    type: str
    comment: str
    is_not_null: bool


def refuse_change(session: Session, statement: Statement, name: Name) -> None:
    """Refuse a statement that would change a materialized view as if it were a table.

    Args:
        session: The client's session.
        statement: The statement.
        name: What it writes to.

    Raises:
        WarehouseError: That is a materialized view.
    """
    word = next((of for of in statement.words if of in _CHANGES), "")
    found = session.engine.catalog.relation(*name) if word else None
    if found is not None and found.type == "MATERIALIZED_VIEW":
        raise WarehouseError(
            "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
            f"'{word}' expects a table but {_shown(name)} is a materialized view.",
            "42809",
        )


def create(session: Session, statement: Statement) -> Result | None:
    """Answer CREATE [OR REPLACE] MATERIALIZED VIEW.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        An empty result; None for another CREATE.

    Raises:
        WarehouseError: It exists, or a clause cannot be honoured.
        Exception: What Spark raises about the query.
    """
    words, tokens = statement.words, statement.tokens
    at = 3 if words[1:3] == ["OR", "REPLACE"] else 1
    if words[at : at + 2] != ["MATERIALIZED", "VIEW"]:
        return None
    at += 2
    guarded = words[at : at + 3] == ["IF", "NOT", "EXISTS"]
    parts, at = read_name(tokens, at + (3 if guarded else 0))
    name = unity.resolve(session, parts)
    catalog = session.engine.catalog
    if not catalog.has_schema(*name[:2]):
        raise unity.schema_not_found(*name[:2])
    before = catalog.relation(*name)
    if before is not None:
        is_view = before.type == "MATERIALIZED_VIEW"
        if guarded and is_view:
            return results.empty()
        if not is_view or words[1] != "OR":
            raise WarehouseError(
                "TABLE_OR_VIEW_ALREADY_EXISTS",
                f"Cannot create materialized view {_shown(name)} because"
                f" {'it' if is_view else 'something else of that name'} already exists.",
                "42P07",
            )
    columns: list[_Column] = []
    keys: list[tuple[str | None, unity.Key]] = []
    if tokens[at : at + 1] and tokens[at].text == "(":
        columns, keys, at = _read_columns(session, statement, name, at)
    clauses, at = _read_clauses(statement, at)
    query = MaterializedView(statement.text(at), session.catalog, session.schema)
    _write(session, name, query, columns, clauses)
    for column in columns:
        if column.is_not_null:
            session.execute(f"ALTER TABLE {_shown(name)} ALTER COLUMN {quoted(column.name)} SET NOT NULL")
    for constraint, key in keys:
        unity.record_key(session, name, constraint, key)
    return results.empty()


def _write(
    session: Session, name: Name, query: MaterializedView, columns: list[_Column], clauses: str
) -> None:
    """Make the table behind a view, and record the view, so that a kill leaves both or neither."""
    catalog = session.engine.catalog
    rows = _rows(session, query, [column.name for column in columns])
    for column in columns:
        value = sf.col(quoted(column.name)).cast(column.type) if column.type else sf.col(quoted(column.name))
        metadata = {"comment": column.comment} if column.comment else {}
        rows = rows.withColumn(column.name, value.alias(column.name, metadata=metadata))
    source = f"__materializing_{secrets.token_hex(8)}"
    location = catalog.location_of(name)
    intent = catalog.begin_materializing(name, query, latest_version(location))
    try:
        rows.createTempView(source)
        with catalog.creating(name):
            session.sql(
                f"CREATE OR REPLACE TABLE {catalog.physical(*name)} USING DELTA {clauses}"
                f" AS SELECT * FROM {source}"
            )
    except BaseException:
        catalog.sync(name)
        catalog.end(intent)
        raise
    finally:
        session.spark.catalog.dropTempView(source)
    catalog.sync(name, replaced=True)
    catalog.end_materializing(intent, name, query)


def refresh(session: Session, statement: Statement) -> Result | None:
    """Answer REFRESH MATERIALIZED VIEW: what its query gives now takes the place of its rows.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        An empty result; None for another REFRESH.

    Raises:
        WarehouseError: There is no such view.
        Exception: What Spark raises about the query.
    """
    words = statement.words
    if words[1:3] != ["MATERIALIZED", "VIEW"]:
        return None
    parts, at = read_name(statement.tokens, 3)
    name, query = _existing(session, parts)
    if set(words[at:]) - {"FULL", "SYNC", "ASYNC"}:
        raise unity.syntax_error(statement.text(at))
    catalog = session.engine.catalog
    names = [field["name"] for field in catalog.columns(name)]
    source = f"__materializing_{secrets.token_hex(8)}"
    _rows(session, query, names).createTempView(source)
    try:
        session.sql(f"INSERT OVERWRITE {catalog.physical(*name)} SELECT * FROM {source}")
    finally:
        session.spark.catalog.dropTempView(source)
    catalog.sync(name)
    return results.empty()


def drop(session: Session, statement: Statement) -> Result | None:
    """Answer DROP MATERIALIZED VIEW, and DROP VIEW of a materialized view.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        An empty result; None for another DROP.

    Raises:
        WarehouseError: There is no such view.
    """
    words = statement.words
    is_named_so = words[1:3] == ["MATERIALIZED", "VIEW"]
    if not is_named_so and words[1:2] != ["VIEW"]:
        return None
    at = 3 if is_named_so else 2
    guarded = words[at : at + 2] == ["IF", "EXISTS"]
    parts, _ = read_name(statement.tokens, at + (2 if guarded else 0))
    catalog = session.engine.catalog
    name = unity.resolve(session, parts)
    found = catalog.relation(*name)
    if found is None and guarded and is_named_so:
        return results.empty()
    if not is_named_so and (found is None or found.type != "MATERIALIZED_VIEW"):
        return None
    _existing(session, parts)
    intent = catalog.begin("drop", {"name": name, "location": str(catalog.location_of(name))})
    session.sql(f"DROP TABLE {catalog.physical(*name)}")
    catalog.sync(name)
    catalog.end(intent)
    return results.empty()


def _existing(session: Session, parts: list[str]) -> tuple[Name, MaterializedView]:
    name = unity.existing(session, parts)
    found = session.engine.catalog.materialized_view(name)
    if found is None:
        raise WarehouseError(
            "EXPECT_MATERIALIZED_VIEW", f"{_shown(name)} is not a materialized view.", "42809"
        )
    return name, found


def _rows(session: Session, view: MaterializedView, names: list[str]) -> DataFrame:
    """Read what the query of a view gives, under the names of its columns where they are listed."""
    statement = translate(view.query, session.engine.catalog, view.catalog, view.schema)
    if any(found.schema == "information_schema" for found in statement.references):
        raise unsupported("A materialized view cannot read an information schema here; use a view.")
    answer_context_functions(session, statement)
    frame = session.spark.sql(statement.physical())
    if names and len(names) != len(frame.columns):
        raise WarehouseError(
            "CREATE_VIEW_COLUMN_ARITY_MISMATCH",
            f"{len(names)} columns are listed, and the query gives {len(frame.columns)}.",
            "21S01",
        )
    return frame.toDF(*names) if names else frame


def _read_columns(
    session: Session, statement: Statement, name: Name, at: int
) -> tuple[list[_Column], list[tuple[str | None, unity.Key]], int]:
    """Read the list of columns and keys from its opening parenthesis on; also the index after it."""
    words, tokens = statement.words, statement.tokens
    columns: list[_Column] = []
    keys: list[tuple[str | None, unity.Key]] = []
    at += 1
    while tokens[at - 1].text != ")":
        constraint = None
        if words[at] == "CONSTRAINT":
            constraint, at = tokens[at + 1].name.lower(), at + 2
        if words[at : at + 2] in (["PRIMARY", "KEY"], ["FOREIGN", "KEY"]):
            key = unity.read_key(session, statement, name, at)
            keys.append((constraint, key))
            at = key.end
        elif constraint is not None:
            raise unsupported("Constraints of a materialized view are keys here; EXPECT needs a pipeline.")
        else:
            column, at = _read_column(statement, at)
            columns.append(column)
        if at >= len(tokens) or tokens[at].text not in (",", ")"):
            raise unity.syntax_error(tokens[at].text if at < len(tokens) else "end of input")
        at += 1
    return columns, keys, at


def _read_column(statement: Statement, at: int) -> tuple[_Column, int]:
    words, tokens = statement.words, statement.tokens
    name, start = tokens[at].name, at + 1
    at, depth = start, 0
    while at < len(tokens):
        text = tokens[at].text
        if depth == 0 and (text in (",", ")") or words[at] in ("NOT", "COMMENT", "MASK", "PRIMARY")):
            break
        depth += {"(": 1, ")": -1, "<": 1, ">": -1}.get(text, 0)
        at += 1
    kind = statement.text(start, at)
    is_not_null, comment = False, ""
    while at < len(tokens) and tokens[at].text not in (",", ")"):
        if words[at : at + 2] == ["NOT", "NULL"]:
            is_not_null, at = True, at + 2
        elif words[at] == "COMMENT" and tokens[at + 1].kind is Kind.STRING:
            comment, at = string_value(tokens[at + 1]), at + 2
        elif words[at] == "MASK":
            raise unsupported(
                "Column masks are not applied by the local warehouse, so it does not accept them."
            )
        else:
            raise unity.syntax_error(tokens[at].text)
    return _Column(name, kind, comment, is_not_null), at


def _read_clauses(statement: Statement, at: int) -> tuple[str, int]:
    """Read what comes before AS: the clauses that CREATE TABLE has too, and the index after AS."""
    words, tokens = statement.words, statement.tokens
    clauses: list[str] = []
    while at < len(tokens) and words[at] != "AS":
        start = at
        if words[at] in ("SCHEDULE", "TRIGGER"):
            raise unsupported(
                "Nothing is there to refresh a materialized view by schedule or trigger: leave that out, and"
                " REFRESH it, as dbt does at every run."
            )
        if words[at] == "WITH":
            raise unsupported(
                "Row filters are not applied by the local warehouse, so it does not accept them."
            )
        if words[at] not in _COPIED_CLAUSES:
            raise unity.syntax_error(tokens[at].text)
        if words[at : at + 3] == ["CLUSTER", "BY", "AUTO"]:
            raise unsupported("CLUSTER BY AUTO needs predictive optimization; name the columns.")
        at += 1 if words[at] in ("COMMENT", "TBLPROPERTIES") else 2
        at = at + 1 if words[start] == "COMMENT" else unity.closing(tokens, at) + 1
        clauses.append(statement.text(start, at))
    if at >= len(tokens):
        raise unity.syntax_error("end of input")
    return " ".join(clauses), at + 1


def _shown(name: Name) -> str:
    return ".".join(quoted(part) for part in name)
