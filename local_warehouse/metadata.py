"""Answers SHOW and DESCRIBE ... AS JSON from the catalog, in the shapes dbt-databricks reads."""

from __future__ import annotations

import fnmatch
import itertools
import json
from typing import Any

from local_warehouse import results
from local_warehouse.catalog import Constraint, Name
from local_warehouse.client_session import Session
from local_warehouse.column_types import describe_type, field_type, sql_type
from local_warehouse.errors import WarehouseError, with_logical_names
from local_warehouse.lexer import Kind, quoted, string_value
from local_warehouse.names import Statement, read_name
from local_warehouse.results import Result


def matches(name: str, pattern: str) -> bool:
    """Tell whether a name fits a SHOW pattern in any case: `*` for any text, `|` between alternatives."""
    return any(
        fnmatch.fnmatchcase(name.lower(), part.strip().lower().replace("[", "[[]").replace("?", "[?]"))
        for part in pattern.split("|")
    )


def _pattern(statement: Statement, at: int) -> tuple[str, bool]:
    """Read `[LIKE] 'pattern'` from a token on; the pattern and whether the statement ends there."""
    if at == len(statement.tokens):
        return "*", True
    if statement.tokens[at].word == "LIKE":
        at += 1
    if at == len(statement.tokens) - 1 and statement.tokens[at].kind is Kind.STRING:
        return string_value(statement.tokens[at]), True
    return "*", False


def show(session: Session, statement: Statement) -> Result | None:
    """Answer SHOW CATALOGS, SCHEMAS, TABLES, VIEWS and TABLE EXTENDED.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        The rows, or None for another SHOW, which Spark answers.

    Raises:
        WarehouseError: The schema does not exist.
    """
    words = statement.words
    kind = words[1] if len(words) > 1 else ""
    catalog = session.engine.catalog
    if kind == "CATALOGS":
        pattern, complete = _pattern(statement, 2)
        names = [name for name in catalog.catalogs() if matches(name, pattern)]
        return results.of_rows([("catalog", "string")], [(name,) for name in names]) if complete else None
    if kind in ("SCHEMAS", "DATABASES"):
        at, of = 2, session.catalog
        if at < len(words) and words[at] in ("IN", "FROM"):
            parts, at = read_name(statement.tokens, at + 1)
            of = ".".join(parts)
        pattern, complete = _pattern(statement, at)
        if not complete:
            return None
        if not catalog.has_catalog(of):
            raise WarehouseError("NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{of}' was not found.", "42704")
        names = sorted({*catalog.schemas(of), "information_schema"})
        return results.of_rows(
            [("databaseName", "string")], [(name,) for name in names if matches(name, pattern)]
        )
    extended = words[1:3] == ["TABLE", "EXTENDED"]
    if kind not in ("TABLES", "VIEWS") and not extended:
        return _spark_show(session, statement)
    at = 3 if extended else 2
    schema = (session.catalog, session.schema)
    if at < len(words) and words[at] in ("IN", "FROM"):
        parts, at = read_name(statement.tokens, at + 1)
        schema = (
            (session.catalog, parts[0].lower()) if len(parts) == 1 else (parts[0].lower(), parts[1].lower())
        )
    pattern, complete = _pattern(statement, at)
    if not complete:
        return None
    if not catalog.has_schema(*schema):
        raise WarehouseError(
            "SCHEMA_NOT_FOUND",
            f"The schema {quoted(schema[0])}.{quoted(schema[1])} cannot be found.",
            "42704",
        )
    found = [relation for relation in catalog.relations(*schema) if matches(relation.name, pattern)]
    if kind == "VIEWS":
        columns = [("namespace", "string"), ("viewName", "string"), ("isTemporary", "boolean")]
        columns += [("isMaterialized", "boolean")]
        listed = [(r.schema, r.name, False, r.type == "MATERIALIZED_VIEW") for r in found]
        is_view = [r.is_view or r.type == "MATERIALIZED_VIEW" for r in found]
        return results.of_rows(columns, itertools.compress(listed, is_view))
    if kind == "TABLES":
        columns = [("database", "string"), ("tableName", "string"), ("isTemporary", "boolean")]
        return results.of_rows(columns, [(r.schema, r.name, False) for r in found])
    columns = [
        ("database", "string"),
        ("tableName", "string"),
        ("isTemporary", "boolean"),
        ("information", "string"),
    ]
    return results.of_rows(columns, [(r.schema, r.name, False, _information(session, r.key)) for r in found])


def _spark_show(session: Session, statement: Statement) -> Result:
    answer = session.sql(statement.physical())
    return _logical(session, answer)


def _information(session: Session, name: Name) -> str:
    """The text dbt takes apart: its pattern for the comment takes everything up to `Schema: root`."""
    catalog = session.engine.catalog
    fields = catalog.columns(name)
    relation = catalog.relation(*name)
    if relation is None:
        return ""
    lines = [f"Catalog: {relation.catalog}", f"Database: {relation.schema}", f"Table: {relation.name}"]
    lines += [f"Owner: {relation.owner}", f"Created Time: {relation.created}"]
    # The adapter knows materialized views by the service's capitals.
    title = "TYPE" if relation.type == "MATERIALIZED_VIEW" else "Type"
    lines += [f"{title}: {'VIEW' if relation.is_view else relation.type}"]
    if not relation.is_view:
        lines += [f"Provider: {relation.provider}", f"Location: {relation.location}"]
    if relation.comment:
        lines += [f"Comment: {relation.comment}"]
    lines += ["Schema: root"]
    not_null = {c for found in catalog.constraints(name) if found.kind == "NOT NULL" for c in found.columns}
    for field in fields:
        nullable = str(field["nullable"] and field["name"].lower() not in not_null).lower()
        lines.append(f" |-- {field['name']}: {sql_type(field_type(field))} (nullable = {nullable})")
    return "\n".join(lines) + "\n"


def describe(session: Session, statement: Statement) -> Result | None:
    """Answer DESCRIBE TABLE EXTENDED name AS JSON; Spark answers the others, with the user's names put back.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        One row with `json_metadata`, or Spark's rows.

    Raises:
        WarehouseError: There is no such relation.
    """
    words = statement.words
    if words[1:2] in (["CATALOG"], ["SCHEMA"], ["DATABASE"]):
        return _describe_container(session, statement)
    if words[-2:] != ["AS", "JSON"] or "EXTENDED" not in words[:3]:
        if words[1:2] in (["HISTORY"], ["QUERY"]):
            return session.sql(statement.physical())
        if words[1:2] == ["DETAIL"]:
            # Only there, since the table's location holds Spark's name for its schema.
            return _logical(session, session.sql(statement.physical()), ["name"])
        answer = _logical(session, session.sql(statement.physical()))
        return _with_query(session, statement, answer) if "EXTENDED" in words[:3] else answer
    at = words.index("EXTENDED") + 1
    parts, end = read_name(statement.tokens, at)
    if end != len(words) - 2 or not 1 <= len(parts) <= 3:
        return None
    full = ([session.catalog, session.schema, *parts])[-3:] if len(parts) < 3 else parts
    if len(parts) == 2:
        full = [session.catalog, *parts]
    name: Name = (full[0].lower(), full[1].lower(), full[2].lower())
    if len(parts) == 1 and session.spark._jsparkSession.sessionState().catalog().isTempView(
        session.spark._jvm.PythonUtils.toSeq(parts)
    ):
        schema = json.loads(session.spark.table(quoted(parts[0]))._jdf.schema().json())
        document: dict[str, Any] = {
            "table_name": parts[0],
            "type": "VIEW",
            "columns": _columns(schema["fields"], []),
        }
        document["is_temporary"] = True
    else:
        document = _document(session, name)
    return results.of_rows([("json_metadata", "string")], [(json.dumps(document, ensure_ascii=False),)])


def _with_query(session: Session, statement: Statement, answer: Result) -> Result:
    """Describe a materialized view as one, and not as the table that holds its rows."""
    named = statement.references[-1:]
    relation = session.engine.catalog.relation(*named[0].key) if named else None
    if relation is None or relation.type != "MATERIALIZED_VIEW":
        return answer
    rows = [
        ("Type", relation.type, "") if row["col_name"] == "Type" else tuple(row.values())
        for row in answer.table().to_pylist()
    ]
    rows += [
        ("View Text", relation.view_text, ""),
        ("", "", ""),
        ("# Refresh Information", "", ""),
        ("Last Refreshed", relation.last_altered[:19] + "Z", ""),
        ("Refresh Schedule", "MANUAL", ""),
    ]
    return results.of_rows([(name, "string") for name in ("col_name", "data_type", "comment")], rows)


def _document(session: Session, name: Name) -> dict[str, Any]:
    catalog = session.engine.catalog
    fields = catalog.columns(name)
    relation = catalog.relation(*name)
    if relation is None:
        shown = ".".join(quoted(part) for part in name)
        raise WarehouseError(
            "TABLE_OR_VIEW_NOT_FOUND",
            f"The table or view {shown} cannot be found. Verify the spelling and correctness of the schema"
            " and catalog.",
            "42P01",
        )
    constraints = catalog.constraints(name)
    not_null = [column for found in constraints if found.kind == "NOT NULL" for column in found.columns]
    document: dict[str, Any] = {
        "table_name": relation.name,
        "catalog_name": relation.catalog,
        "namespace": [relation.schema],
        "schema_name": relation.schema,
        "columns": _columns(fields, not_null),
        "owner": relation.owner,
        "created_time": relation.created[:19] + "Z",
        "created_by": "local_warehouse",
        "type": relation.type,
    }
    if relation.comment:
        document["comment"] = relation.comment
    if relation.view_text is not None:
        document["view_text"] = relation.view_text
        document["view_original_text"] = relation.view_text
    if not relation.is_view:
        document["provider"] = relation.provider
        document["location"] = relation.location
    keys = [_constraint_text(found) for found in constraints if found.kind != "NOT NULL"]
    if keys:
        document["table_constraints"] = "[" + ", ".join(keys) + "]"
    return document


def _columns(fields: list[dict[str, Any]], not_null: list[str]) -> list[dict[str, Any]]:
    columns = []
    for field in fields:
        metadata = field.get("metadata", {})
        column = {
            "name": field["name"],
            "type": describe_type(field_type(field)),
            "nullable": bool(field["nullable"]) and field["name"].lower() not in not_null,
        }
        if "comment" in metadata:
            column["comment"] = metadata["comment"]
        if "CURRENT_DEFAULT" in metadata:
            column["default"] = metadata["CURRENT_DEFAULT"]
        columns.append(column)
    return columns


def _constraint_text(constraint: Constraint) -> str:
    columns = ", ".join(quoted(column) for column in constraint.columns)
    text = f"{constraint.kind} ({columns})"
    if constraint.parent is not None:
        parent = ".".join(quoted(part) for part in constraint.parent)
        text += f" REFERENCES {parent} ({', '.join(quoted(column) for column in constraint.parent_columns)})"
    return f"({constraint.name},{text})"


def _describe_container(session: Session, statement: Statement) -> Result | None:
    """DESCRIBE CATALOG and DESCRIBE SCHEMA."""
    words = statement.words
    at = 3 if words[2:3] == ["EXTENDED"] else 2
    parts, end = read_name(statement.tokens, at)
    catalog = session.engine.catalog
    if end != len(words) or not parts:
        return None
    columns = [("info_name", "string"), ("info_value", "string")]
    if words[1] == "CATALOG":
        found = catalog.rows("select name, comment, owner from catalogs where name = ?", (parts[0].lower(),))
        if not found:
            raise WarehouseError("NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{parts[0]}' was not found.", "42704")
        rows = [("Catalog Name", found[0][0]), ("Comment", found[0][1] or ""), ("Owner", found[0][2])]
        return results.of_rows(columns, rows)
    key = (session.catalog, parts[0].lower()) if len(parts) == 1 else (parts[0].lower(), parts[1].lower())
    found = catalog.rows(
        "select catalog, name, comment, owner from schemas where catalog = ? and name = ?", key
    )
    if not found:
        raise WarehouseError(
            "SCHEMA_NOT_FOUND", f"The schema {quoted(key[0])}.{quoted(key[1])} cannot be found.", "42704"
        )
    columns = [("database_description_item", "string"), ("database_description_value", "string")]
    rows = [("Catalog Name", found[0][0]), ("Namespace Name", found[0][1]), ("Comment", found[0][2] or "")]
    return results.of_rows(columns, [*rows, ("Owner", found[0][3])])


def _logical(session: Session, answer: Result, columns: list[str] | None = None) -> Result:
    """Put the user's names back into the texts Spark answered with, in all columns or in some."""
    logical = session.engine.catalog.logical_schemas()
    return answer.map_strings(lambda text: with_logical_names(text, logical), columns)
