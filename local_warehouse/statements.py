"""Decides what becomes of a statement: answered from the catalog, recorded, refused, or given to Spark."""

from __future__ import annotations

import re
from collections.abc import Callable

from local_warehouse import information_schema, materialized_views, metadata, results, unity
from local_warehouse.client_session import Session, answer_context_functions
from local_warehouse.errors import WarehouseError, unsupported
from local_warehouse.lexer import quoted, string_value
from local_warehouse.names import Reference, Statement, read_name
from local_warehouse.results import Result
from local_warehouse.settings import not_available

Handler = Callable[["Session", Statement], "Result | None"]
"""Answers a statement, or returns None to leave it to the next one."""

_READS = frozenset(
    [
        "SELECT",
        "VALUES",
        "SHOW",
        "DESCRIBE",
        "DESC",
        "EXPLAIN",
        "SET",
        "USE",
        "LIST",
        "RESET",
        "DECLARE",
        "CACHE",
        "UNCACHE",
    ]
)
_WRITE_WORDS = frozenset(("INSERT", "MERGE", "UPDATE", "DELETE"))
_UNBOUNDED = frozenset(("BEGIN", "EXECUTE", "CALL", "IF", "WHILE", "FOR", "REPEAT", "LOOP"))


def execute(session: Session, statement: Statement) -> Result:
    """Run one statement.

    Args:
        session: The client's session.
        statement: The statement with its names found.

    Returns:
        Its rows.

    Raises:
        WarehouseError: It cannot be honoured here, or something it names does not exist.
        Exception: What Spark raises.
    """
    if not statement.tokens:
        raise WarehouseError("PARSE_EMPTY_STATEMENT", "Syntax error, unexpected empty statement.", "42617")
    for handler in _HANDLERS.get(statement.tokens[0].word, ()):
        answer = handler(session, statement)
        if answer is not None:
            return answer
    if any(found.schema == "information_schema" for found in statement.references):
        answer = information_schema.query(session, statement)
        if answer is not None:
            return answer
    return run(session, statement)


def run(session: Session, statement: Statement) -> Result:
    """Give a statement to Spark, and record what it changed.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        Its rows.
    """
    answer_context_functions(session, statement)
    first = statement.tokens[0].word
    if first in _UNBOUNDED:
        try:
            return session.sql(statement.physical())
        finally:
            session.engine.catalog.sync_all()
    if first in _READS or (first in ("WITH", "FROM", "") and not _WRITE_WORDS & set(statement.words)):
        return session.sql(statement.physical())
    return _write(session, statement)


def _write(session: Session, statement: Statement) -> Result:
    """Run a statement that may change the catalog, and record what it changed."""
    catalog = session.engine.catalog
    target = _target(statement)
    if target is None:
        return session.sql(statement.physical())
    materialized_views.refuse_change(session, statement, target.key)
    words = statement.words
    creates = words[0] in ("CREATE", "REPLACE")
    intent = None
    if statement.starts("DROP", "TABLE"):
        known = catalog.relation(*target.key)
        if known is not None and known.type == "MANAGED":
            intent = catalog.begin("drop", {"name": target.key, "location": known.location})
    renamed = _rename_target(session, statement, target) if words[0] == "ALTER" else None
    columns = unity.column_changes(session, statement, target) if words[0] == "ALTER" else {}
    if renamed is not None:
        intent = catalog.begin(
            "rename",
            {
                "old": target.key,
                "new": renamed,
                "source": str(catalog.location_of(target.key)),
                "target": str(catalog.location_of(renamed)),
            },
        )
    try:
        if creates and "TABLE" in words[:6]:
            with catalog.creating(target.key):
                answer = session.sql(statement.physical())
        else:
            answer = session.sql(statement.physical())
    except BaseException:
        # A statement that failed may still have left something: a created table whose insert failed, say.
        catalog.sync(target.key)
        if intent is not None:
            catalog.end(intent)
        raise
    if renamed is not None:
        catalog.renamed(target.key, renamed)
    else:
        view_text = _view_text(statement) if creates and "VIEW" in words[:6] else None
        catalog.sync(
            target.key, view_text, replaced=creates and "TABLE" in words[:6] and "EXISTS" not in words[:6]
        )
    for old, new in columns.items():
        catalog.column_changed(target.key, old, new)
    if intent is not None:
        catalog.end(intent)
    return answer


def _target(statement: Statement) -> Reference | None:
    """The relation a statement writes to: what follows INTO or UPDATE, else the first one it names."""
    words = statement.words
    if words[0] in ("WITH", "FROM"):
        for reference in statement.references:
            if reference.token and words[reference.token - 1] in ("INTO", "UPDATE", "OVERWRITE"):
                return reference
    return statement.references[0] if statement.references else None


def _rename_target(session: Session, statement: Statement, target: Reference) -> tuple[str, str, str] | None:
    words = statement.words
    if words[target.end : target.end + 2] != ["RENAME", "TO"]:
        return None
    parts, _ = read_name(statement.tokens, target.end + 2)
    full = [target.catalog, target.schema, *parts][-3:] if len(parts) < 3 else parts
    if len(full) != 3:
        return None
    if len(parts) == 1:
        # Spark would take a bare name for one in the session's current schema.
        token = statement.tokens[target.end + 2]
        physical = session.engine.catalog.physical(full[0], full[1], full[2])
        statement.edits.append((token.start, token.end, physical))
    return (full[0].lower(), full[1].lower(), full[2].lower())


def _view_text(statement: Statement) -> str | None:
    """The query of a CREATE VIEW as it was written: what follows the first AS outside of parentheses."""
    depth = 0
    for at, token in enumerate(statement.tokens):
        if token.text == "(":
            depth += 1
        elif token.text == ")":
            depth -= 1
        elif depth == 0 and token.word == "AS":
            return statement.text(at + 1)
    return None


# -- handlers
# --------------------------------------------------------------------------------------------------------


def _use(session: Session, statement: Statement) -> Result | None:
    """USE [CATALOG | SCHEMA | DATABASE] name, and SET CATALOG name."""
    words = statement.words
    at = 1
    kind = words[1] if len(words) > 1 else ""
    if kind in ("CATALOG", "SCHEMA", "DATABASE"):
        at = 2
    if words[0] == "SET" and kind != "CATALOG":
        return None
    if at < len(statement.tokens) and statement.tokens[at].text[0] in "'\"":
        parts, end = [string_value(statement.tokens[at])], at + 1
    else:
        parts, end = read_name(statement.tokens, at)
    if end != len(statement.tokens) or not parts:
        return None
    catalog = session.engine.catalog
    if kind == "CATALOG" and len(parts) == 1:
        session.use(parts[0], "default")
        return results.empty()
    if kind == "CATALOG" or len(parts) > 2:
        return None
    name = (session.catalog, parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    if not catalog.has_schema(*name):
        raise unity.schema_not_found(*name)
    session.use(*name)
    return results.empty()


def _set(session: Session, statement: Statement) -> Result | None:
    """SET of a SQL warehouse's own settings; Spark's are left to Spark, which would store any other name."""
    found = re.fullmatch(r"(?s)([A-Za-z_][\w.]*|`[^`]+`)\s*(=|\s)\s*(.+?)\s*", statement.text(1))
    if found is None:
        return None
    name, sign, value = found.group(1).strip("`"), found.group(2), found.group(3)
    if not session.settings.knows(name):
        if sign == "=" and not name.lower().startswith("spark."):
            raise not_available(name)
        return None
    if value[:1] in "'\"" and value[-1:] == value[:1]:
        value = value[1:-1]
    session.settings.set(name, value)
    return results.of_rows([("key", "string"), ("value", "string")], [(name, value)])


def _create_or_drop_schema(session: Session, statement: Statement) -> Result | None:
    words = statement.words
    if len(words) < 3 or words[1] not in ("SCHEMA", "DATABASE", "CATALOG"):
        return None
    at = 2
    drop = words[0] == "DROP"
    guard = ["IF", "EXISTS"] if drop else ["IF", "NOT", "EXISTS"]
    guarded = words[at : at + len(guard)] == guard
    at += len(guard) if guarded else 0
    parts, end = read_name(statement.tokens, at)
    if words[1] == "CATALOG":
        return _create_or_drop_catalog(session, statement, drop, guarded, parts, end)
    if not parts or len(parts) > 2:
        return None
    catalog = session.engine.catalog
    name = (session.catalog, parts[0].lower()) if len(parts) == 1 else (parts[0].lower(), parts[1].lower())
    exists = catalog.has_schema(*name)
    rest = words[end:]
    if drop:
        if rest not in ([], ["CASCADE"], ["RESTRICT"]):
            return None
        if not exists:
            if guarded:
                return results.empty()
            raise unity.schema_not_found(*name)
        if rest != ["CASCADE"] and (catalog.relations(*name) or catalog.functions(*name)):
            raise WarehouseError(
                "SCHEMA_NOT_EMPTY",
                f"Cannot drop a schema {quoted(name[0])}.{quoted(name[1])} because it contains objects."
                " Use DROP SCHEMA ... CASCADE to drop the schema and all its objects.",
                "2BP01",
            )
        catalog.drop_schema(*name)
        return results.empty()
    if exists:
        if guarded:
            return results.empty()
        raise WarehouseError(
            "SCHEMA_ALREADY_EXISTS",
            f"Cannot create schema {quoted(name[0])}.{quoted(name[1])} because it already exists.",
            "42P06",
        )
    comment = None
    if rest[:1] == ["COMMENT"] and end + 1 < len(statement.tokens):
        comment = string_value(statement.tokens[end + 1])
        rest = rest[2:]
    if rest:
        raise unsupported("CREATE SCHEMA takes a COMMENT here, and no location or properties.")
    if not catalog.has_catalog(name[0]):
        raise WarehouseError("NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{name[0]}' was not found.", "42704")
    catalog.ensure_schema(*name, comment=comment)
    return results.empty()


def _create_or_drop_catalog(
    session: Session, statement: Statement, drop: bool, guarded: bool, parts: list[str], end: int
) -> Result | None:
    catalog = session.engine.catalog
    if len(parts) != 1:
        return None
    exists = catalog.has_catalog(parts[0])
    rest = statement.words[end:]
    if drop:
        if not exists:
            if guarded:
                return results.empty()
            raise WarehouseError("NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{parts[0]}' was not found.", "42704")
        if rest == ["CASCADE"]:
            for schema in catalog.schemas(parts[0]):
                catalog.drop_schema(parts[0], schema)
        catalog.drop_catalog(parts[0])
        return results.empty()
    if exists and not guarded:
        raise WarehouseError(
            "CATALOG_ALREADY_EXISTS", f"Catalog '{parts[0].lower()}' already exists.", "42P06"
        )
    comment = None
    if rest[:1] == ["COMMENT"] and end + 1 < len(statement.tokens):
        comment = string_value(statement.tokens[end + 1])
        rest = rest[2:]
    if rest:
        raise unsupported("CREATE CATALOG takes a COMMENT here, and nothing else.")
    if not exists:
        catalog.ensure_catalog(parts[0], comment)
        catalog.ensure_schema(parts[0], "default")
    return results.empty()


def _create_table_with_keys(session: Session, statement: Statement) -> Result | None:
    words = statement.words
    if "TABLE" not in [word for word in words[:6] if word] or not statement.references:
        return None
    keys = unity.take_keys(session, statement)
    if not keys:
        return None
    name = statement.references[0].key
    before = session.engine.catalog.relation(*name)
    answer = run(session, statement)
    if before is None or "REPLACE" in words[:3]:
        for constraint, key in keys:
            unity.record_key(session, name, constraint, key)
    return answer


def _streaming_tables(session: Session, statement: Statement) -> Result | None:
    if "STREAMING" in statement.words[:6]:
        raise unsupported(
            "Streaming tables need a pipeline, which the local warehouse does not have. Use an incremental"
            " model."
        )
    return None


_HANDLERS: dict[str, tuple[Handler, ...]] = {
    "USE": (_use,),
    "SET": (_use, _set),
    "CREATE": (
        _create_or_drop_schema,
        _streaming_tables,
        materialized_views.create,
        unity.create,
        _create_table_with_keys,
    ),
    "REFRESH": (_streaming_tables, materialized_views.refresh),
    "DROP": (_create_or_drop_schema, materialized_views.drop, unity.drop),
    "SHOW": (unity.show_grants, metadata.show),
    "DESCRIBE": (metadata.describe,),
    "DESC": (metadata.describe,),
    "ALTER": (unity.alter,),
    "COMMENT": (unity.comment,),
    "GRANT": (unity.grant,),
    "REVOKE": (unity.grant,),
    "INSERT": (unity.replace_on,),
}
