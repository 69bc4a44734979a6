"""Statements only Unity Catalog knows: recorded and shown, or refused where they cannot be honoured."""

from __future__ import annotations

import re

import yaml

from local_warehouse import results
from local_warehouse.catalog import Name
from local_warehouse.client_session import Session
from local_warehouse.errors import WarehouseError, unsupported
from local_warehouse.lexer import Kind, Token, quoted, string_literal, string_value
from local_warehouse.names import Reference, Statement, read_name, translate
from local_warehouse.results import Result


def _not_found(name: tuple[str, ...]) -> WarehouseError:
    shown = ".".join(quoted(part) for part in name)
    return WarehouseError(
        "TABLE_OR_VIEW_NOT_FOUND",
        f"The table or view {shown} cannot be found. Verify the spelling and correctness of the schema and"
        " catalog.",
        "42P01",
    )


def schema_not_found(catalog: str, schema: str) -> WarehouseError:
    """The service's error for a schema that does not exist."""
    return WarehouseError(
        "SCHEMA_NOT_FOUND",
        f"The schema {quoted(catalog.lower())}.{quoted(schema.lower())} cannot be found. Verify the"
        " spelling and correctness of the schema and catalog.",
        "42704",
    )


def syntax_error(near: str) -> WarehouseError:
    """The service's error for a statement that is not well formed."""
    return WarehouseError("PARSE_SYNTAX_ERROR", f"Syntax error at or near '{near}'.", "42601")


def resolve(session: Session, parts: list[str]) -> Name:
    """Complete a name by the session's catalog and schema."""
    full = [session.catalog, session.schema, *parts]
    if len(parts) == 2:
        full = [session.catalog, *parts]
    catalog, schema, name = full[-3:] if len(parts) < 3 else parts[:3]
    return (catalog.lower(), schema.lower(), name.lower())


def existing(session: Session, parts: list[str]) -> Name:
    """Complete the name of a relation, and raise an error if there is none."""
    name = resolve(session, parts)
    if session.engine.catalog.relation(*name) is None:
        raise _not_found(name)
    return name


def _names_in_parentheses(tokens: list[Token], at: int) -> tuple[list[str], int]:
    """Read `(a, b)`; the names and the index after the closing parenthesis."""
    if at >= len(tokens) or tokens[at].text != "(":
        raise syntax_error(tokens[at].text if at < len(tokens) else "end of input")
    names: list[str] = []
    at += 1
    while at < len(tokens) and tokens[at].text != ")":
        if tokens[at].is_name and tokens[at].word not in ("TIMESERIES",):
            names.append(tokens[at].name.lower())
        elif tokens[at].text != "," and tokens[at].word != "TIMESERIES":
            raise syntax_error(tokens[at].text)
        at += 1
    if at >= len(tokens):
        raise syntax_error("end of input")
    return names, at + 1


# -- ALTER
# -----------------------------------------------------------------------------------------------------------

_OBJECTS = ("TABLE", "VIEW", "SCHEMA", "DATABASE", "CATALOG", "MATERIALIZED", "STREAMING")


def alter(session: Session, statement: Statement) -> Result | None:
    """Answer the forms of ALTER that concern tags, keys, owners, NOT NULL, row filters and masks.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        Nothing but an empty result, or None for a form that is Spark's own.

    Raises:
        WarehouseError: The object does not exist, or the form is not supported.
    """
    words, tokens = statement.words, statement.tokens
    kind = words[1] if len(words) > 1 else ""
    if kind not in _OBJECTS:
        return None
    if kind == "STREAMING":
        raise unsupported("Streaming tables do not exist in the local warehouse.")
    if kind == "MATERIALIZED":
        return _alter_materialized_view(session, statement)
    at = 4 if words[2:4] == ["IF", "EXISTS"] else 2
    parts, at = read_name(tokens, at)
    rest = words[at:]
    if not parts:
        return None
    if rest[:2] in (["SET", "TAGS"], ["UNSET", "TAGS"]):
        _change_tags(session, statement, _container_or_relation(session, kind, parts), "", at)
        return results.empty()
    if rest[:1] == ["OWNER"] or rest[:2] == ["SET", "OWNER"]:
        _set_owner(session, statement, kind, parts)
        return results.empty()
    if kind in ("SCHEMA", "DATABASE", "CATALOG"):
        raise unsupported(f"ALTER {kind} takes SET TAGS, UNSET TAGS and OWNER TO here.")
    if rest[:3] == ["SET", "ROW", "FILTER"] or rest[:3] == ["DROP", "ROW", "FILTER"]:
        raise unsupported("Row filters are not applied by the local warehouse, so it does not accept them.")
    if rest[:1] in (["ALTER"], ["CHANGE"]):
        return _alter_column(session, statement, parts, at)
    if rest[:1] == ["ADD"]:
        return _add_key(session, statement, parts, at + 1)
    if rest[:2] == ["DROP", "CONSTRAINT"] or rest[:3] in (
        ["DROP", "PRIMARY", "KEY"],
        ["DROP", "FOREIGN", "KEY"],
    ):
        return _drop_key(session, statement, parts, at + 1)
    if rest[:2] == ["CLUSTER", "BY"] and rest[2:3] == ["AUTO"]:
        raise unsupported(
            "CLUSTER BY AUTO needs predictive optimization; name the columns, or CLUSTER BY NONE."
        )
    return None


def _container_or_relation(session: Session, kind: str, parts: list[str]) -> tuple[str, ...]:
    catalog = session.engine.catalog
    lower = tuple(part.lower() for part in parts)
    if kind == "CATALOG":
        if not catalog.has_catalog(lower[0]):
            raise WarehouseError("NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{lower[0]}' was not found.", "42704")
        return lower[:1]
    if kind in ("SCHEMA", "DATABASE"):
        key = (session.catalog, lower[0]) if len(lower) == 1 else lower[:2]
        if not catalog.has_schema(key[0], key[1]):
            shown = ".".join(quoted(part) for part in key)
            raise WarehouseError("SCHEMA_NOT_FOUND", f"The schema {shown} cannot be found.", "42704")
        return key
    return existing(session, parts)


def _change_tags(session: Session, statement: Statement, name: tuple[str, ...], column: str, at: int) -> None:
    """Read `SET TAGS ('a' = 'b', 'c')` or `UNSET TAGS ('a')` from a token on, and record it."""
    tokens = statement.tokens
    unset = statement.words[at] == "UNSET"
    at += 2
    if at >= len(tokens) or tokens[at].text != "(" or tokens[-1].text != ")":
        raise syntax_error(statement.text(at) or "end of input")
    tags: dict[str, str] = {}
    at += 1
    while at < len(tokens) - 1:
        if tokens[at].kind is not Kind.STRING and not tokens[at].is_name:
            raise syntax_error(tokens[at].text)
        tag = string_value(tokens[at]) if tokens[at].kind is Kind.STRING else tokens[at].name
        at += 1
        value = ""
        if tokens[at].text == "=":
            if tokens[at + 1].kind is not Kind.STRING:
                raise syntax_error(tokens[at + 1].text)
            value = string_value(tokens[at + 1])
            at += 2
        tags[tag] = value
        if tokens[at].text == ",":
            at += 1
        elif at < len(tokens) - 1:
            raise syntax_error(tokens[at].text)
    if unset:
        session.engine.catalog.unset_tags(name, column, list(tags))
    else:
        session.engine.catalog.set_tags(name, column, tags)


def _set_owner(session: Session, statement: Statement, kind: str, parts: list[str]) -> None:
    owner = statement.tokens[-1]
    principal = string_value(owner) if owner.kind is Kind.STRING else owner.name
    name = _container_or_relation(session, kind, parts)
    catalog = session.engine.catalog
    with catalog.transaction() as db:
        if len(name) == 3:
            db.execute(
                "update relations set owner = ? where catalog = ? and schema = ? and name = ?",
                (principal, *name),
            )
        elif len(name) == 2:
            db.execute("update schemas set owner = ? where catalog = ? and name = ?", (principal, *name))
        else:
            db.execute("update catalogs set owner = ? where name = ?", (principal, *name))


def _alter_materialized_view(session: Session, statement: Statement) -> Result:
    parts, at = read_name(statement.tokens, 3)
    name = existing(session, parts)
    if session.engine.catalog.materialized_view(name) is None:
        raise WarehouseError(
            "EXPECT_MATERIALIZED_VIEW", f"{'.'.join(name)} is not a materialized view.", "42809"
        )
    rest = statement.words[at:]
    if rest[:2] in (["SET", "TAGS"], ["UNSET", "TAGS"]):
        _change_tags(session, statement, name, "", at)
        return results.empty()
    if rest[:1] == ["OWNER"] or rest[:2] == ["SET", "OWNER"]:
        _set_owner(session, statement, "TABLE", parts)
        return results.empty()
    answer = _alter_column(session, statement, parts, at) if rest[:1] in (["ALTER"], ["CHANGE"]) else None
    if answer is None:
        raise unsupported(
            "ALTER MATERIALIZED VIEW changes tags and the owner here. There are no schedules: REFRESH it."
        )
    return answer


def _alter_column(session: Session, statement: Statement, parts: list[str], at: int) -> Result | None:
    words, tokens = statement.words, statement.tokens
    at += 2 if words[at + 1] == "COLUMN" else 1
    column_parts, at = read_name(tokens, at)
    rest = words[at:]
    column = ".".join(column_parts)
    if rest[:2] in (["SET", "TAGS"], ["UNSET", "TAGS"]):
        name = existing(session, parts)
        _column_of(session, name, column)
        _change_tags(session, statement, name, column.lower(), at)
        return results.empty()
    if rest[:2] == ["SET", "MASK"] or rest[:2] == ["DROP", "MASK"]:
        raise unsupported("Column masks are not applied by the local warehouse, so it does not accept them.")
    if rest == ["SET", "NOT", "NULL"]:
        name = existing(session, parts)
        field = _column_of(session, name, column)
        known = [
            c
            for found in session.engine.catalog.constraints(name)
            if found.kind == "NOT NULL"
            for c in found.columns
        ]
        if not field["nullable"] or column.lower() in known:
            return results.empty()
        # Delta does not turn an existing column into NOT NULL; a CHECK constraint does the same, and scans
        # the
        # table for rows that break it.
        constraint = not_null_name(column)
        session.sql(
            f"ALTER TABLE {session.engine.catalog.physical(*name)} ADD CONSTRAINT {constraint}"
            f" CHECK ({quoted(column)} IS NOT NULL)"
        )
        session.engine.catalog.add_constraint(name, constraint, "NOT NULL", [column.lower()])
        session.engine.catalog.sync(name)
        return results.empty()
    if rest == ["DROP", "NOT", "NULL"]:
        name = existing(session, parts)
        constraint = not_null_name(column)
        if session.engine.catalog.drop_constraint(name, constraint):
            session.sql(
                f"ALTER TABLE {session.engine.catalog.physical(*name)} DROP CONSTRAINT IF EXISTS {constraint}"
            )
            session.engine.catalog.sync(name)
            return results.empty()
    return None


def column_changes(session: Session, statement: Statement, target: Reference) -> dict[str, str | None]:
    """Read which columns ALTER TABLE renames or drops.

    Args:
        session: The client's session.
        statement: The statement.
        target: The table.

    Returns:
        Their names, in lower case, each with its new one; None for one that is dropped.

    Raises:
        WarehouseError: A column that is to be dropped belongs to a recorded key.
    """
    words, tokens = statement.words, statement.tokens
    at = target.end
    verb = words[at : at + 2]
    if verb == ["RENAME", "COLUMN"]:
        old, at = read_name(tokens, at + 2)
        new, _ = read_name(tokens, at + 1)
        return {old[0].lower(): new[0].lower()} if len(old) == len(new) == 1 else {}
    if verb not in (["DROP", "COLUMN"], ["DROP", "COLUMNS"]):
        return {}
    at += 4 if words[at + 2 : at + 4] == ["IF", "EXISTS"] else 2
    at += 1 if at < len(tokens) and tokens[at].text == "(" else 0
    dropped: dict[str, str | None] = {}
    while at < len(tokens) and tokens[at].is_name:
        parts, at = read_name(tokens, at)
        if len(parts) == 1:
            dropped[parts[0].lower()] = None
        at += 1
    for key in session.engine.catalog.all_constraints():
        owner = (key.catalog, key.schema, key.relation)
        used = key.columns if owner == target.key else key.parent_columns if key.parent == target.key else []
        if key.kind != "NOT NULL" and dropped.keys() & set(used):
            raise WarehouseError(
                "CONSTRAINT_HAS_DEPENDENTS",
                f"{key.kind} {key.name} of {'.'.join(owner)} has a column that is to be dropped;"
                " drop the key first.",
                "2BP01",
            )
    return dropped


def not_null_name(column: str) -> str:
    """The name of the CHECK constraint that stands for NOT NULL on a column."""
    return "nn_" + re.sub(r"\W", lambda found: f"_{ord(found.group()):x}_", column.lower())


def _column_of(session: Session, name: Name, column: str) -> dict[str, object]:
    for field in session.engine.catalog.columns(name):
        if field["name"].lower() == column.lower():
            return field
    raise WarehouseError(
        "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
        f"A column with name {quoted(column)} cannot be resolved in"
        f" {'.'.join(quoted(part) for part in name)}.",
        "42703",
    )


def _add_key(session: Session, statement: Statement, parts: list[str], at: int) -> Result | None:
    """ADD [CONSTRAINT name] PRIMARY KEY | FOREIGN KEY; other constraints are Delta's."""
    words, tokens = statement.words, statement.tokens
    constraint = None
    if words[at : at + 1] == ["CONSTRAINT"]:
        if at + 1 < len(tokens) and tokens[at + 1].is_name and words[at + 1] not in ("PRIMARY", "FOREIGN"):
            constraint = tokens[at + 1].name.lower()
            at += 2
        else:
            at += 1
    if words[at : at + 2] not in (["PRIMARY", "KEY"], ["FOREIGN", "KEY"]):
        return None
    name = existing(session, parts)
    key = read_key(session, statement, name, at)
    record_key(session, name, constraint, key)
    return results.empty()


class Key:
    """A PRIMARY KEY or FOREIGN KEY clause.

    Attributes:
        kind: PRIMARY KEY or FOREIGN KEY.
        columns: Its columns.
        parent: What a foreign key refers to.
        parent_columns: The columns there; empty for the parent's primary key.
        options: What follows, such as RELY.
        end: Index of the token after the clause.
    """

    def __init__(
        self,
        kind: str,
        columns: list[str],
        parent: Name | None,
        parent_columns: list[str],
        options: str,
        end: int,
    ) -> None:
        self.kind = kind
        self.columns = columns
        self.parent = parent
        self.parent_columns = parent_columns
        self.options = options
        self.end = end


_KEY_OPTIONS = frozenset(
    [
        "NOT",
        "ENFORCED",
        "DEFERRABLE",
        "INITIALLY",
        "DEFERRED",
        "NORELY",
        "RELY",
        "MATCH",
        "FULL",
        "ON",
        "UPDATE",
        "DELETE",
        "NO",
        "ACTION",
    ]
)


def read_key(session: Session, statement: Statement, name: Name, at: int) -> Key:
    """Read a key clause.

    Args:
        session: The client's session.
        statement: The statement.
        name: The relation the key belongs to.
        at: Index of PRIMARY or FOREIGN.

    Returns:
        The clause.

    Raises:
        WarehouseError: It is not well formed.
    """
    words, tokens = statement.words, statement.tokens
    kind = f"{words[at]} KEY"
    columns, at = _names_in_parentheses(tokens, at + 2)
    parent: Name | None = None
    parent_columns: list[str] = []
    if kind == "FOREIGN KEY":
        if words[at : at + 1] != ["REFERENCES"]:
            raise syntax_error(tokens[at].text if at < len(tokens) else "end of input")
        parent_parts, at = read_name(tokens, at + 1)
        parent = resolve(session, parent_parts)
        if at < len(tokens) and tokens[at].text == "(":
            parent_columns, at = _names_in_parentheses(tokens, at)
    start = at
    while at < len(tokens) and words[at] in _KEY_OPTIONS:
        at += 1
    return Key(kind, columns, parent, parent_columns, statement.text(start, at), at)


def record_key(session: Session, name: Name, constraint: str | None, key: Key) -> None:
    """Record a key after checking that what it names exists.

    Args:
        session: The client's session.
        name: The relation it belongs to.
        constraint: Its name, None to make one up.
        key: The clause.

    Raises:
        WarehouseError: A column or the parent does not exist, or the parent has no primary key.
    """
    catalog = session.engine.catalog
    for column in key.columns:
        _column_of(session, name, column)
    parent_columns = key.parent_columns
    if key.parent is not None:
        if catalog.relation(*key.parent) is None:
            raise _not_found(key.parent)
        if not parent_columns:
            primary = [found for found in catalog.constraints(key.parent) if found.kind == "PRIMARY KEY"]
            if not primary:
                raise WarehouseError(
                    "FOREIGN_KEY_PARENT_WITHOUT_PRIMARY_KEY",
                    f"{'.'.join(key.parent)} has no primary key for a foreign key to refer to.",
                    "42830",
                )
            parent_columns = primary[0].columns
        if len(parent_columns) != len(key.columns):
            raise WarehouseError(
                "FOREIGN_KEY_MISMATCH",
                "A foreign key and the key it refers to differ in their number of columns.",
                "42830",
            )
        for column in parent_columns:
            _column_of(session, key.parent, column)
    if constraint is None:
        taken = {found.name for found in catalog.constraints(name)}
        base = f"{name[2]}_pk" if key.kind == "PRIMARY KEY" else f"{name[2]}_{(key.parent or name)[2]}_fk"
        constraint = next(
            candidate
            for candidate in [base, *(f"{base}_{number}" for number in range(1, 1000))]
            if candidate not in taken
        )
    catalog.add_constraint(name, constraint, key.kind, key.columns, key.parent, parent_columns, key.options)


def _drop_key(session: Session, statement: Statement, parts: list[str], at: int) -> Result | None:
    words, tokens = statement.words, statement.tokens
    name = existing(session, parts)
    catalog = session.engine.catalog
    if words[at] in ("PRIMARY", "FOREIGN"):
        guarded = words[at + 2 : at + 4] == ["IF", "EXISTS"]
        found = [key for key in catalog.constraints(name) if key.kind == f"{words[at]} KEY"]
        if words[at] == "FOREIGN":
            columns, _ = _names_in_parentheses(tokens, at + (4 if guarded else 2))
            found = [key for key in found if key.columns == columns]
        if not found and not guarded:
            raise _no_constraint(f"{words[at]} KEY", name)
    else:
        at += 1
        guarded = words[at : at + 2] == ["IF", "EXISTS"]
        at += 2 if guarded else 0
        wanted = tokens[at].name.lower() if at < len(tokens) and tokens[at].is_name else ""
        found = [key for key in catalog.constraints(name) if key.name == wanted and key.kind != "NOT NULL"]
        if not found:
            return None  # a CHECK constraint: Delta drops it, or says that there is none
    for key in found:
        if key.kind == "PRIMARY KEY":
            children = [child for child in catalog.all_constraints() if child.parent == name]
            if children and words[-1] != "CASCADE":
                raise WarehouseError(
                    "CONSTRAINT_HAS_DEPENDENTS",
                    f"The primary key of {'.'.join(name)} is referred to by {children[0].name}; use CASCADE.",
                    "2BP01",
                )
            for child in children:
                catalog.drop_constraint((child.catalog, child.schema, child.relation), child.name)
        catalog.drop_constraint(name, key.name)
    return results.empty()


def _no_constraint(what: str, name: Name) -> WarehouseError:
    return WarehouseError("CONSTRAINT_DOES_NOT_EXIST", f"{'.'.join(name)} has no {what}.", "42704")


# -- COMMENT
# ---------------------------------------------------------------------------------------------------------


def comment(session: Session, statement: Statement) -> Result | None:
    """Answer COMMENT ON CATALOG | SCHEMA | TABLE | VIEW | COLUMN name IS 'text' | NULL.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        An empty result; None for what Spark does itself.

    Raises:
        WarehouseError: The object does not exist.
    """
    words, tokens = statement.words, statement.tokens
    if words[1:2] != ["ON"] or len(words) < 6 or words[-2] != "IS":
        return None
    kind = words[2]
    parts, end = read_name(tokens, 3)
    if end != len(tokens) - 2 or not parts:
        return None
    last = tokens[-1]
    if last.kind is not Kind.STRING and last.word != "NULL":
        return None
    text = string_value(last) if last.kind is Kind.STRING else None
    catalog = session.engine.catalog
    if kind in ("CATALOG", "SCHEMA", "DATABASE"):
        name = _container_or_relation(session, kind, parts)
        with catalog.transaction() as db:
            if len(name) == 1:
                db.execute("update catalogs set comment = ? where name = ?", (text, *name))
            else:
                db.execute("update schemas set comment = ? where catalog = ? and name = ?", (text, *name))
        return results.empty()
    literal = string_literal(text or "")
    if kind == "COLUMN":
        relation = existing(session, parts[:-1])
        found = catalog.relation(*relation)
        column = quoted(parts[-1])
        if found is not None and found.is_view:
            _column_of(session, relation, parts[-1])
            raise unsupported(
                "Comments on columns of a view are set by CREATE VIEW v (column COMMENT '...')."
            )
        session.sql(f"ALTER TABLE {catalog.physical(*relation)} ALTER COLUMN {column} COMMENT {literal}")
        catalog.sync(relation)
        return results.empty()
    if kind in ("TABLE", "VIEW"):
        relation = existing(session, parts)
        found = catalog.relation(*relation)
        if found is not None and found.is_view:
            session.sql(f"ALTER VIEW {catalog.physical(*relation)} SET TBLPROPERTIES ('comment' = {literal})")
        else:
            session.sql(f"COMMENT ON TABLE {catalog.physical(*relation)} IS {literal}")
        catalog.sync(relation)
        return results.empty()
    return None


# -- CREATE and DROP
# -------------------------------------------------------------------------------------------------


def create(session: Session, statement: Statement) -> Result | None:
    """Answer CREATE FUNCTION and metric views.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        The result, or None for a statement Spark takes as it is.

    Raises:
        WarehouseError: It asks for something the local warehouse does not do.
    """
    words = statement.words
    head = [word for word in words[:6] if word]
    if "FUNCTION" in head and "TEMPORARY" not in head and statement.references:
        answer = session.sql(statement.physical())
        session.engine.catalog.record_function(
            statement.references[0].key, statement.text(0), re.sub(r"\s*;\s*$", "", statement.physical())
        )
        return answer
    if "VIEW" in head and "METRICS" in words and statement.references:
        return _create_metric_view(session, statement)
    return None


def drop(session: Session, statement: Statement) -> Result | None:
    """Answer DROP FUNCTION.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        The result, or None for another DROP.
    """
    if not statement.starts("DROP", "FUNCTION") or not statement.references:
        return None
    answer = session.sql(statement.physical())
    session.engine.catalog.forget_function(statement.references[0].key)
    return answer


def take_keys(session: Session, statement: Statement) -> list[tuple[str | None, Key]]:
    """Take PRIMARY KEY and FOREIGN KEY out of the column list of CREATE TABLE.

    Args:
        session: The client's session.
        statement: The statement; without its keys, Spark takes it.

    Returns:
        The keys, with their names where they have one, to be recorded once the table is there.

    Raises:
        WarehouseError: It asks for a row filter or a mask, or is not well formed.
    """
    words, tokens = statement.words, statement.tokens
    reference = statement.references[0]
    if reference.end >= len(tokens) or tokens[reference.end].text != "(":
        _refuse_filters(words[reference.end :])
        return []
    depth, at = 0, reference.end
    keys: list[tuple[str | None, Key]] = []
    removed: list[tuple[int, int]] = []
    item_start = at + 1
    end = at
    while at < len(tokens):
        token = tokens[at]
        if token.text == "(":
            depth += 1
        elif token.text == ")":
            depth -= 1
            if depth == 0:
                end = at
                break
        elif depth == 1 and token.text == ",":
            item_start = at + 1
        elif depth == 1 and token.word == "MASK":
            raise unsupported(
                "Column masks are not applied by the local warehouse, so it does not accept them."
            )
        elif depth == 1 and words[at : at + 2] in (["PRIMARY", "KEY"], ["FOREIGN", "KEY"]):
            constraint, first = _constraint_name(statement, at, item_start)
            if first > item_start or (at == item_start and tokens[at + 2].text != "("):
                column = tokens[item_start].name.lower()
                keys.append((constraint, Key("PRIMARY KEY", [column], None, [], "", at + 2)))
                at += 2
                while words[at] in _KEY_OPTIONS - {"NOT"}:
                    at += 1
                removed.append((first, at))
            else:
                key = read_key(session, statement, reference.key, at)
                keys.append((constraint, key))
                at = key.end
                removed.append((first, at))
            continue
        at += 1
    _refuse_filters(words[end:])
    _cut(statement, removed)
    return keys


def _constraint_name(statement: Statement, at: int, item_start: int) -> tuple[str | None, int]:
    """The name in `CONSTRAINT name PRIMARY KEY`, and where the clause starts."""
    if at - 2 >= item_start and statement.words[at - 2] == "CONSTRAINT":
        return statement.tokens[at - 1].name.lower(), at - 2
    return None, at


def _cut(statement: Statement, removed: list[tuple[int, int]]) -> None:
    """Remove pieces of a column list, each with the comma that no longer separates anything."""
    tokens = statement.tokens
    for first, last in removed:
        start, end = tokens[first].start, tokens[last - 1].end
        alone = tokens[first - 1].text in (",", "(") and tokens[last].text in (",", ")")
        if alone and tokens[first - 1].text == ",":
            start = tokens[first - 1].start
        elif alone and tokens[last].text == ",":
            end = tokens[last].end
        statement.edits = [edit for edit in statement.edits if not (start <= edit[0] < end)]
        statement.edits.append((start, end, ""))


def _refuse_filters(words: list[str]) -> None:
    for at, word in enumerate(words):
        if word in ("AS", "SELECT"):
            return
        if word == "ROW" and words[at + 1 : at + 2] == ["FILTER"]:
            raise unsupported(
                "Row filters are not applied by the local warehouse, so it does not accept them."
            )


def _create_metric_view(session: Session, statement: Statement) -> Result:
    """Give Spark a metric view in the version of the format it reads."""
    literals = [token for token in statement.tokens if token.kind is Kind.STRING]
    reference = statement.references[0]
    document = yaml.safe_load(string_value(literals[-1])) if literals else None
    if not isinstance(document, dict) or "source" not in document:
        raise WarehouseError("METRIC_VIEW_INVALID_YAML", "The definition names no source.", "42601")
    if document.get("joins"):
        raise unsupported(
            "Metric views with joins are not supported here; join in a view and name that as the source."
        )
    source = str(document["source"])
    bare = translate(f"SELECT * FROM {source}", session.engine.catalog, session.catalog, session.schema)
    kept = {
        "version": "0.1",
        "source": bare.physical(3).replace("`", ""),
        **({"filter": document["filter"]} if document.get("filter") else {}),
    }
    for part in ("dimensions", "measures"):
        kept[part] = [{"name": item["name"], "expr": item["expr"]} for item in document.get(part) or []]
    text = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)
    if "$$" in text:
        raise unsupported("A metric view cannot contain '$$'.")
    catalog = session.engine.catalog
    name = catalog.physical(*reference.key)
    exists = catalog.relation(*reference.key) is not None
    if exists and "REPLACE" in statement.words[:3]:
        session.sql(f"DROP VIEW IF EXISTS {name}")
    answer = session.sql(f"CREATE VIEW {name} WITH METRICS LANGUAGE YAML AS $$\n{text}$$")
    catalog.sync(reference.key, string_value(literals[-1]))
    return answer


# -- GRANT
# -----------------------------------------------------------------------------------------------------------

_SECURABLES = ("TABLE", "VIEW", "SCHEMA", "DATABASE", "CATALOG", "FUNCTION", "METASTORE")


def _securable(session: Session, statement: Statement, at: int) -> tuple[str, str, int]:
    """Read `[TABLE] name` from a token on: kind, full name and the index after it."""
    words = statement.words
    kind = "TABLE"
    if at < len(words) and words[at] in _SECURABLES:
        kind = "SCHEMA" if words[at] == "DATABASE" else words[at]
        at += 1
    if kind == "METASTORE":
        return kind, "metastore", at
    parts, at = read_name(statement.tokens, at)
    if not parts:
        raise syntax_error(statement.text(at) or "end of input")
    if kind == "FUNCTION":
        return kind, ".".join(resolve(session, parts)), at
    name = _container_or_relation(session, kind, parts)
    return kind, ".".join(name), at


def grant(session: Session, statement: Statement) -> Result | None:
    """Record GRANT and REVOKE. Nobody else can connect, so there is nothing to enforce.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        An empty result.

    Raises:
        WarehouseError: The object does not exist, or the statement is not well formed.
    """
    words, tokens = statement.words, statement.tokens
    revoke = words[0] == "REVOKE"
    if "ON" not in words:
        raise syntax_error(statement.text(1) or "end of input")
    on = words.index("ON")
    privileges = [" ".join(part.split()) for part in statement.text(1, on).upper().split(",")]
    kind, securable, at = _securable(session, statement, on + 1)
    if words[at : at + 1] != ["FROM" if revoke else "TO"] or at + 1 >= len(tokens):
        raise syntax_error(statement.text(at) or "end of input")
    principal = statement.text(at + 1)
    if at + 2 == len(tokens):
        token = tokens[at + 1]
        principal = string_value(token) if token.kind is Kind.STRING else token.name
    catalog = session.engine.catalog
    with catalog.transaction() as db:
        for privilege in privileges:
            if not revoke:
                db.execute(
                    "insert or ignore into grants values (?, ?, ?, ?)",
                    (kind, securable, principal, privilege),
                )
            elif privilege == "ALL PRIVILEGES":
                db.execute(
                    "delete from grants where kind = ? and securable = ? and principal = ?",
                    (kind, securable, principal),
                )
            else:
                db.execute(
                    "delete from grants where kind = ? and securable = ? and principal = ? and privilege = ?",
                    (kind, securable, principal, privilege),
                )
    return results.empty()


def show_grants(session: Session, statement: Statement) -> Result | None:
    """Answer SHOW GRANTS [principal] ON securable from what was recorded.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        The grants, or None for another SHOW.

    Raises:
        WarehouseError: The object does not exist.
    """
    words = statement.words
    if words[1:2] not in (["GRANTS"], ["GRANT"]):
        return None
    if "ON" not in words:
        raise syntax_error(statement.text(1))
    on = words.index("ON")
    principal = None
    if on > 2:
        token = statement.tokens[2]
        principal = string_value(token) if token.kind is Kind.STRING else token.name
    kind, securable, _ = _securable(session, statement, on + 1)
    found = session.engine.catalog.rows(
        "select principal, privilege, kind, securable from grants where kind = ? and securable = ?"
        " and (? is null or principal = ?) order by principal, privilege",
        (kind, securable, principal, principal),
    )
    columns = [
        ("Principal", "string"),
        ("ActionType", "string"),
        ("ObjectType", "string"),
        ("ObjectKey", "string"),
    ]
    return results.of_rows(columns, found)


# -- INSERT ... REPLACE ON
# -------------------------------------------------------------------------------------------


def replace_on(session: Session, statement: Statement) -> Result | None:
    """Do INSERT ... REPLACE ON (keys) in one commit where the keys are the partition columns.

    Args:
        session: The client's session.
        statement: The statement.

    Returns:
        The result, or None for another INSERT.

    Raises:
        WarehouseError: The keys are not the partition columns, so Delta would need two commits.
    """
    words, tokens = statement.words, statement.tokens
    if "REPLACE" not in words or not statement.references:
        return None
    at = words.index("REPLACE")
    if words[at : at + 2] != ["REPLACE", "ON"] or tokens[at + 2].text != "(":
        return None
    reference: Reference = statement.references[0]
    if at > reference.end + 2:
        return None
    close = closing(tokens, at + 2)
    keys = _null_safe_keys(statement, at + 3, close)
    catalog = session.engine.catalog
    partitions = catalog.partition_columns(existing(session, list(reference.key)))
    query_at = close + 1
    if keys is None or sorted(keys) != sorted(partitions):
        raise WarehouseError(
            "UNSUPPORTED_FEATURE.TABLE_OPERATION",
            "REPLACE ON with keys other than the partition columns would take two commits here; use MERGE, or"
            " REPLACE WHERE (in dbt: merge with not_matched_by_source_action, or replace_where).",
            "0A000",
        )
    if tokens[query_at].text == "(":
        query = statement.physical(query_at + 1, closing(tokens, query_at))
    else:
        query = statement.physical(query_at)
    target = catalog.physical(*reference.key)
    columns = session.spark.table(target).columns
    selected = ", ".join(quoted(column) for column in columns)
    session.spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
    try:
        answer = session.sql(f"INSERT OVERWRITE {target} SELECT {selected} FROM ({query}\n)")
    finally:
        session.spark.conf.unset("spark.sql.sources.partitionOverwriteMode")
    catalog.sync(reference.key)
    return answer


def closing(tokens: list[Token], at: int) -> int:
    """Find the parenthesis that closes the one at an index."""
    depth = 0
    for index in range(at, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[index].text, 0)
        if depth == 0:
            return index
    raise syntax_error("end of input")


def _null_safe_keys(statement: Statement, first: int, last: int) -> list[str] | None:
    """Read `t.a <=> s.a AND t.b <=> s.b`; None for any other condition."""
    keys: list[str] = []
    at = first
    while at < last:
        left, at = read_name(statement.tokens, at)
        if not left or statement.tokens[at].text != "<=>":
            return None
        right, at = read_name(statement.tokens, at + 1)
        if not right or left[-1].lower() != right[-1].lower():
            return None
        keys.append(left[-1].lower())
        if at < last:
            if statement.words[at] != "AND":
                return None
            at += 1
    return keys
