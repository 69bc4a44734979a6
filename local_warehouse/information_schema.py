"""`information_schema` of every catalog, and of `system` over all catalogs.

The relations are made from the catalog's records when a statement asks for them. Plain statements, such as
the ones
dbt-databricks sends before every model, are answered by SQLite in this process; all others by Spark, over
temporary
views of the same rows.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from local_warehouse import results
from local_warehouse.catalog import Name
from local_warehouse.client_session import Session
from local_warehouse.column_types import field_type, sql_type
from local_warehouse.errors import WarehouseError
from local_warehouse.lexer import Kind, quoted, string_value
from local_warehouse.names import Reference, Statement, apply_edits
from local_warehouse.results import Result

_S, _I, _T = "string", "integer", "timestamp"
RELATIONS: dict[str, list[tuple[str, str]]] = {
    "catalogs": [("catalog_name", _S), ("catalog_owner", _S), ("comment", _S), ("created", _T)],
    "schemata": [
        ("catalog_name", _S), ("schema_name", _S), ("schema_owner", _S), ("comment", _S), ("created", _T),
        ("last_altered", _T),
    ],
    "tables": [
        ("table_catalog", _S), ("table_schema", _S), ("table_name", _S), ("table_type", _S),
        ("is_insertable_into", _S), ("commit_action", _S), ("table_owner", _S), ("comment", _S),
        ("created", _T),
        ("created_by", _S), ("last_altered", _T), ("last_altered_by", _S), ("data_source_format", _S),
        ("storage_sub_directory", _S), ("storage_path", _S),
    ],
    "views": [
        ("table_catalog", _S), ("table_schema", _S), ("table_name", _S), ("view_definition", _S),
        ("check_option", _S), ("is_updatable", _S), ("is_insertable_into", _S), ("sql_path", _S),
        ("is_materialized", _S),
    ],
    "columns": [
        ("table_catalog", _S), ("table_schema", _S), ("table_name", _S), ("column_name", _S),
        ("ordinal_position", _I), ("column_default", _S), ("is_nullable", _S), ("full_data_type", _S),
        ("data_type", _S), ("numeric_precision", _I), ("numeric_scale", _I), ("partition_index", _I),
        ("comment", _S),
    ],
    "table_tags": [
        ("catalog_name", _S), ("schema_name", _S), ("table_name", _S), ("tag_name", _S), ("tag_value", _S),
    ],
    "column_tags": [
        ("catalog_name", _S), ("schema_name", _S), ("table_name", _S), ("column_name", _S), ("tag_name", _S),
        ("tag_value", _S),
    ],
    "schema_tags": [("catalog_name", _S), ("schema_name", _S), ("tag_name", _S), ("tag_value", _S)],
    "catalog_tags": [("catalog_name", _S), ("tag_name", _S), ("tag_value", _S)],
    "table_constraints": [
        ("constraint_catalog", _S), ("constraint_schema", _S), ("constraint_name", _S), ("table_catalog", _S),
        ("table_schema", _S), ("table_name", _S), ("constraint_type", _S), ("is_deferrable", _S),
        ("initially_deferred", _S), ("enforced", _S),
    ],
    "key_column_usage": [
        ("constraint_catalog", _S), ("constraint_schema", _S), ("constraint_name", _S), ("table_catalog", _S),
        ("table_schema", _S), ("table_name", _S), ("column_name", _S), ("ordinal_position", _I),
        ("position_in_unique_constraint", _I),
    ],
    "referential_constraints": [
        ("constraint_catalog", _S), ("constraint_schema", _S), ("constraint_name", _S),
        ("unique_constraint_catalog", _S), ("unique_constraint_schema", _S), ("unique_constraint_name", _S),
        ("match_option", _S), ("update_rule", _S), ("delete_rule", _S),
    ],
    "constraint_table_usage": [
        ("constraint_catalog", _S), ("constraint_schema", _S), ("constraint_name", _S), ("table_catalog", _S),
        ("table_schema", _S), ("table_name", _S),
    ],
    "constraint_column_usage": [
        ("constraint_catalog", _S), ("constraint_schema", _S), ("constraint_name", _S), ("table_catalog", _S),
        ("table_schema", _S), ("table_name", _S), ("column_name", _S),
    ],
    "routines": [
        ("specific_catalog", _S), ("specific_schema", _S), ("specific_name", _S), ("routine_catalog", _S),
        ("routine_schema", _S), ("routine_name", _S), ("routine_type", _S), ("routine_definition", _S),
        ("routine_owner", _S), ("created", _T), ("last_altered", _T), ("comment", _S),
    ],
    "table_privileges": [
        ("grantor", _S), ("grantee", _S), ("table_catalog", _S), ("table_schema", _S), ("table_name", _S),
        ("privilege_type", _S), ("is_grantable", _S), ("inherited_from", _S),
    ],
    "schema_privileges": [
        ("grantor", _S), ("grantee", _S), ("catalog_name", _S), ("schema_name", _S), ("privilege_type", _S),
        ("is_grantable", _S), ("inherited_from", _S),
    ],
    "catalog_privileges": [
        ("grantor", _S), ("grantee", _S), ("catalog_name", _S), ("privilege_type", _S), ("is_grantable", _S),
        ("inherited_from", _S),
    ],
    "row_filters": [
        ("table_catalog", _S), ("table_schema", _S), ("table_name", _S), ("filter_name", _S),
        ("target_columns", _S),
    ],
    "column_masks": [
        ("table_catalog", _S), ("table_schema", _S), ("table_name", _S), ("column_name", _S),
        ("mask_name", _S),
        ("using_columns", _S),
    ],
}  # fmt: skip
"""Name and columns of each relation, as documented for Unity Catalog's information schema."""

_PLAIN_FUNCTIONS = frozenset(
    [
        "IF",
        "LOWER",
        "UPPER",
        "COALESCE",
        "IN",
        "AND",
        "OR",
        "NOT",
        "EXISTS",
        "FROM",
        "WHERE",
        "ON",
        "AS",
        "COUNT",
        "SELECT",
    ]
)
_PLAIN_SYMBOLS = frozenset(("(", ")", ",", ".", "=", "<>", "!=", "*", "<", ">", "<=", ">="))


def query(session: Session, statement: Statement) -> Result | None:
    """Answer a statement that reads an information schema.

    Args:
        session: The client's session.
        statement: The statement; where Spark is to answer, it is changed to read temporary views.

    Returns:
        Its rows, or None to have Spark run it.

    Raises:
        WarehouseError: There is no such relation in the information schema.
    """
    asked = [found for found in statement.references if found.schema == "information_schema"]
    for found in asked:
        if found.name not in RELATIONS:
            raise WarehouseError(
                "TABLE_OR_VIEW_NOT_FOUND",
                f"The table or view {'.'.join(quoted(part) for part in found.key)} cannot be found.",
                "42P01",
            )
    if len(asked) == len(statement.references) and _is_plain(statement):
        answer = _by_sqlite(session, statement, asked)
        if answer is not None:
            return answer
    _make_views(session, statement, asked)
    return None


def _is_plain(statement: Statement) -> bool:
    """Whether SQLite is sure to mean the same by the statement as Spark."""
    if statement.tokens[0].word != "SELECT":
        return False
    for at, token in enumerate(statement.tokens):
        if token.kind is Kind.STRING and (token.text[0] != "'" or "\\" in token.text):
            return False
        if token.kind is Kind.SYMBOL and token.text not in _PLAIN_SYMBOLS:
            return False
        opens = at + 1 < len(statement.tokens) and statement.tokens[at + 1].text == "("
        if token.kind is Kind.WORD and opens and token.word not in _PLAIN_FUNCTIONS:
            return False
    return True


def _scope(statement: Statement) -> tuple[str | None, str | None]:
    """The one schema and table a statement asks for, where it is sure to ask for no other."""
    words = set(statement.words)
    if words & {"OR", "NOT", "UNION", "LIKE", "IN", "JOIN"}:
        return None, None
    found: dict[str, set[str]] = {"TABLE_SCHEMA": set(), "TABLE_NAME": set()}
    tokens = statement.tokens
    for at, token in enumerate(tokens):
        compared = at + 2 < len(tokens) and tokens[at + 1].text == "="
        if compared and token.word in found and tokens[at + 2].kind is Kind.STRING:
            found[token.word].add(string_value(tokens[at + 2]))
    schemas, tables = found["TABLE_SCHEMA"], found["TABLE_NAME"]
    return (schemas.pop() if len(schemas) == 1 else None, tables.pop() if len(tables) == 1 else None)


def _by_sqlite(session: Session, statement: Statement, asked: list[Reference]) -> Result | None:
    database = sqlite3.connect(":memory:")
    try:
        database.execute("pragma case_sensitive_like = on")
        database.create_function("if", 3, lambda test, yes, no: yes if test else no, deterministic=True)
        schema, table = _scope(statement)
        edits: list[tuple[int, int, str]] = []
        made: dict[tuple[str, str], str] = {}
        types: dict[str, str] = {}
        for reference in asked:
            key = (reference.catalog, reference.name)
            columns = RELATIONS[reference.name]
            if key not in made:
                made[key] = f"relation_{len(made)}"
                types.update(columns)
                database.execute(f"create table {made[key]} ({', '.join(name for name, _ in columns)})")
                database.executemany(
                    f"insert into {made[key]} values ({', '.join('?' * len(columns))})",
                    rows(session, reference.name, reference.catalog, schema, table),
                )
            edits.append(_replacement(statement, reference, made[key], alias=True))
        text = apply_edits(statement.sql, edits, 0, statement.tokens[-1].end)
        try:
            cursor = database.execute(text)
        except sqlite3.Error:
            return None
        names = [column[0] for column in cursor.description]
        if any(types.get(name.lower()) == _T for name in names):
            return None
        kinds = [types.get(name.lower(), _S) for name in names]
        found = cursor.fetchall()
        for row in found:
            for value, kind in zip(row, kinds, strict=True):
                if value is not None and not isinstance(value, int if kind == _I else str):
                    return None
        return results.of_rows(list(zip(names, kinds, strict=True)), found)
    finally:
        database.close()


def _replacement(statement: Statement, reference: Reference, name: str, alias: bool) -> tuple[int, int, str]:
    """Point a reference at another relation, which keeps the name columns may be qualified with."""
    tokens = statement.tokens
    following = tokens[reference.end] if reference.end < len(tokens) else None
    has_alias = following is not None and (
        following.word == "AS" or (following.is_name and following.word not in _AFTER_RELATION)
    )
    text = name if has_alias or not alias else f"{name} AS {quoted(reference.name)}"
    return (tokens[reference.token].start, tokens[reference.end - 1].end, text)


_AFTER_RELATION = frozenset(
    [
        "WHERE",
        "JOIN",
        "LEFT",
        "RIGHT",
        "FULL",
        "INNER",
        "CROSS",
        "ON",
        "GROUP",
        "ORDER",
        "LIMIT",
        "UNION",
        "HAVING",
        "QUALIFY",
        "NATURAL",
        "USING",
        "EXCEPT",
        "INTERSECT",
        "SEMI",
        "ANTI",
        "LATERAL",
        "WINDOW",
        "OFFSET",
        "MINUS",
        "TABLESAMPLE",
        "PIVOT",
        "UNPIVOT",
        "CLUSTER",
        "DISTRIBUTE",
        "SORT",
        "SELECT",
        "INSERT",
    ]
)


def _make_views(session: Session, statement: Statement, asked: list[Reference]) -> None:

    schema, table = _scope(statement)
    for reference in asked:
        columns = RELATIONS[reference.name]
        view = f"__information_schema_{re.sub(r'[^a-z0-9]', '_', reference.catalog)}_{reference.name}"
        arrow = results.of_rows(
            columns, _typed(columns, rows(session, reference.name, reference.catalog, schema, table))
        )
        data = arrow.table() if arrow.row_count else pa.Table.from_batches([], arrow.schema)
        session.spark.createDataFrame(data).createOrReplaceTempView(view)
        start, end, text = _replacement(statement, reference, view, alias=True)
        statement.edits = [edit for edit in statement.edits if not (start <= edit[0] < end)]
        statement.edits.append((start, end, text))
    statement.references = [found for found in statement.references if found not in asked]


def _typed(columns: Sequence[tuple[str, str]], values: Iterable[Sequence[Any]]) -> list[list[Any]]:
    return [
        [
            datetime.fromisoformat(value).replace(tzinfo=UTC) if kind == _T and value else value
            for value, (_, kind) in zip(row, columns, strict=True)
        ]
        for row in values
    ]


def rows(
    session: Session, relation: str, catalog: str, schema: str | None = None, table: str | None = None
) -> list[tuple[Any, ...]]:
    """Make the rows of one relation.

    Args:
        session: The client's session.
        relation: A key of `RELATIONS`.
        catalog: The catalog whose information schema is read; `system` shows all.
        schema: Only this schema matters to the statement, None for all.
        table: Only this table matters to the statement, None for all.

    Returns:
        Rows in the order of `RELATIONS[relation]`, timestamps as ISO 8601 text.
    """
    recorded = session.engine.catalog
    every = catalog == "system"
    catalogs = recorded.catalogs() if every else [catalog]
    if relation == "catalogs":
        return recorded.rows("select name, owner, comment, created from catalogs")
    if relation == "schemata":
        found = recorded.rows("select catalog, name, owner, comment, created, last_altered from schemas")
        return [row for row in found if every or row[0] == catalog]
    if relation in ("tables", "views", "columns"):
        return [
            row
            for of in catalogs
            for found in recorded.relations(of, schema)
            if table is None or found.name == table
            for row in _of_relation(session, relation, found.key)
        ]
    if relation.endswith("_tags"):
        return _tags(session, relation, catalog, every)
    if relation.endswith("_privileges"):
        return _privileges(session, relation, catalog, every)
    if relation == "routines":
        found = recorded.rows(
            "select catalog, schema, name, catalog, schema, name, 'FUNCTION', statement, owner, created,"
            " last_altered, comment from functions"
        )
        return [row for row in found if every or row[0] == catalog]
    if relation in ("row_filters", "column_masks"):
        return []
    return _constraints(session, relation, catalog, every)


def _of_relation(session: Session, relation: str, name: Name) -> list[tuple[Any, ...]]:
    recorded = session.engine.catalog
    if relation == "columns":
        fields = recorded.columns(name)
        not_null = {
            c for found in recorded.constraints(name) if found.kind == "NOT NULL" for c in found.columns
        }
        return [_column(name, at, field, not_null) for at, field in enumerate(fields)]
    found = recorded.relation(*name)
    if found is None:
        return []
    if relation == "tables" and not found.is_view:
        # A table's comment lies in its Delta log. A view's is recorded with it: to read the columns of all
        # views, one over the other, would take as long as a build.
        recorded.columns(name)
        found = recorded.relation(*name) or found
    if relation == "views":
        is_materialized = found.type == "MATERIALIZED_VIEW"
        if not found.is_view and not is_materialized:
            return []
        return [(*name, found.view_text, "NONE", "NO", "NO", None, "YES" if is_materialized else "NO")]
    return [
        (
            *name,
            found.type,
            "NO" if found.is_view or found.type == "MATERIALIZED_VIEW" else "YES",
            "PRESERVE",
            found.owner,
            found.comment,
            found.created,
            found.owner,
            found.last_altered,
            found.owner,
            found.provider.upper() if found.provider else None,
            None,
            found.location,
        )
    ]


def _column(name: Name, at: int, field: dict[str, Any], not_null: set[str]) -> tuple[Any, ...]:
    metadata = field.get("metadata", {})
    kind = sql_type(field_type(field))
    decimal = re.fullmatch(r"decimal\((\d+),(-?\d+)\)", kind)
    nullable = field["nullable"] and field["name"].lower() not in not_null
    return (
        *name,
        field["name"],
        at + 1,
        metadata.get("CURRENT_DEFAULT"),
        "YES" if nullable else "NO",
        kind,
        re.split(r"[<(]", kind)[0].upper(),
        int(decimal.group(1)) if decimal else None,
        int(decimal.group(2)) if decimal else None,
        None,
        metadata.get("comment"),
    )


def _tags(session: Session, relation: str, catalog: str, every: bool) -> list[tuple[Any, ...]]:
    found = session.engine.catalog.rows("select catalog, schema, relation, column_name, tag, value from tags")
    found = [row for row in found if every or row[0] == catalog]
    if relation == "column_tags":
        return [row for row in found if row[3]]
    if relation == "table_tags":
        return [(*row[:3], *row[4:]) for row in found if row[2] and not row[3]]
    if relation == "schema_tags":
        return [(*row[:2], *row[4:]) for row in found if row[1] and not row[2]]
    return [(row[0], *row[4:]) for row in found if not row[1]]


def _privileges(session: Session, relation: str, catalog: str, every: bool) -> list[tuple[Any, ...]]:
    recorded = session.engine.catalog
    kinds = {
        "table_privileges": ("TABLE", "VIEW"),
        "schema_privileges": ("SCHEMA",),
        "catalog_privileges": ("CATALOG",),
    }
    answer: list[tuple[Any, ...]] = []
    for kind, securable, principal, privilege in recorded.rows("select * from grants"):
        parts = securable.split(".")
        if kind in kinds[relation] and (every or parts[0] == catalog):
            answer.append((recorded.user, principal, *parts, privilege, "NO", "NONE"))
    return answer


def _constraints(session: Session, relation: str, catalog: str, every: bool) -> list[tuple[Any, ...]]:
    recorded = session.engine.catalog
    everything = [found for found in recorded.all_constraints() if found.kind != "NOT NULL"]
    keys = {
        (found.catalog, found.schema, found.relation): found
        for found in everything
        if found.kind == "PRIMARY KEY"
    }
    answer: list[tuple[Any, ...]] = []
    for found in everything:
        if not every and found.catalog != catalog:
            continue
        name = (found.catalog, found.schema, found.name)
        table = (found.catalog, found.schema, found.relation)
        parent = keys.get(found.parent) if found.parent is not None else None
        if relation == "table_constraints":
            answer.append((*name, *table, found.kind, "NO", "NO", "NO"))
        elif relation == "key_column_usage":
            for at, column in enumerate(found.columns):
                position = None
                if parent is not None and at < len(found.parent_columns):
                    position = (
                        parent.columns.index(found.parent_columns[at]) + 1
                        if found.parent_columns[at] in parent.columns
                        else None
                    )
                answer.append((*name, *table, column, at + 1, position))
        elif relation == "referential_constraints":
            if found.parent is not None:
                unique = (
                    (parent.catalog, parent.schema, parent.name) if parent is not None else (None, None, None)
                )
                answer.append((*name, *unique, "FULL", "NO ACTION", "NO ACTION"))
        elif relation == "constraint_table_usage":
            answer.append((*name, *(found.parent or table)))
        elif relation == "constraint_column_usage":
            used = found.parent_columns if found.parent is not None else found.columns
            answer += [(*name, *(found.parent or table), column) for column in used]
    return answer
