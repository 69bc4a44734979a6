"""Gives names of three parts the two parts Spark knows, without touching strings or comments.

Spark has one catalog here; `catalog.schema.table` lives in Spark's database `catalog__schema`. Only tokens
that are
names are replaced, so text in literals and comments reaches Spark as it was written. The one string that is a
name,
the first argument of `table_changes`, is replaced as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from local_warehouse.lexer import Kind, Token, quoted, string_literal, string_value, tokenize

NATIVE_SYSTEM_SCHEMAS = frozenset(("session", "builtin", "ai"))
"""Schemas below `system` that Spark itself resolves."""

_BEFORE_RELATION = frozenset(
    [
        "FROM",
        "JOIN",
        "INTO",
        "TABLE",
        "VIEW",
        "UPDATE",
        "USING",
        "EXISTS",
        "FUNCTION",
        "REFERENCES",
        "DESCRIBE",
        "DESC",
        "OVERWRITE",
        "CLONE",
        "HISTORY",
        "DETAIL",
        "OPTIMIZE",
        "VACUUM",
        "TO",
        "EXTENDED",
        "LIKE",
    ]
)
_BEFORE_SCHEMA = frozenset(("SCHEMA", "DATABASE", "SCHEMAS", "NAMESPACE", "USE"))
_ENDS_FROM = frozenset(
    [
        "SELECT",
        "WHERE",
        "GROUP",
        "HAVING",
        "QUALIFY",
        "WINDOW",
        "ORDER",
        "SORT",
        "CLUSTER",
        "DISTRIBUTE",
        "LIMIT",
        "OFFSET",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "MINUS",
        "SET",
        "VALUES",
        "WHEN",
    ]
)
_CHANGE_FUNCTIONS = frozenset(("table_changes", "table_changes_by_path"))
_NOT_A_NAME = frozenset(
    [
        "SELECT",
        "WITH",
        "VALUES",
        "IF",
        "NOT",
        "EXISTS",
        "TABLE",
        "LATERAL",
        "UNNEST",
        "ON",
        "USING",
        "WHERE",
        "SET",
        "AS",
        "FROM",
        "JOIN",
        "ONLY",
        "STREAM",
    ]
)


class Names(Protocol):
    """What the translation has to know of the catalog."""

    def has_catalog(self, catalog: str) -> bool:
        """Tell whether a catalog exists."""

    def has_schema(self, catalog: str, schema: str) -> bool:
        """Tell whether a schema exists."""

    def physical_schema(self, catalog: str, schema: str) -> str:
        """Name Spark's database for a schema."""


@dataclass(frozen=True)
class Reference:
    """A relation or function a statement names.

    Attributes:
        catalog: Its catalog, lower case.
        schema: Its schema, lower case.
        name: Its name, lower case.
        token: Index of the first token of the name.
        end: Index after the last token of the name.
    """

    catalog: str
    schema: str
    name: str
    token: int
    end: int

    @property
    def key(self) -> tuple[str, str, str]:
        """The full name."""
        return (self.catalog, self.schema, self.name)


@dataclass
class Statement:
    """A statement cut into tokens, with the names found in it.

    Attributes:
        sql: The text as the client sent it.
        tokens: Its tokens.
        references: Relations it names, in order.
        edits: Replacements that make it Spark's: start, end, text.
    """

    sql: str
    tokens: list[Token]
    references: list[Reference] = field(default_factory=list)
    edits: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """The tokens as keywords: upper-case words, empty for everything else."""
        return [token.word for token in self.tokens]

    def starts(self, *words: str) -> bool:
        """Tell whether the statement begins with these keywords."""
        return len(self.tokens) >= len(words) and all(
            token.word == word for token, word in zip(self.tokens, words, strict=False)
        )

    def text(self, first: int, last: int | None = None) -> str:
        """The text from one token up to (not including) another, as written."""
        tokens = self.tokens[first:last]
        return self.sql[tokens[0].start : tokens[-1].end] if tokens else ""

    def physical(self, first: int = 0, last: int | None = None) -> str:
        """The text with Spark's names.

        Args:
            first: Index of the first token of the part to return.
            last: Index after its last token, None for the end.
        """
        tokens = self.tokens[first:last]
        if not tokens:
            return ""
        # Comments before the first token are kept: they help who reads Spark's log.
        start = self.tokens[first].start if first else 0
        return apply_edits(self.sql, self.edits, start, tokens[-1].end)


def apply_edits(sql: str, edits: Sequence[tuple[int, int, str]], start: int, end: int) -> str:
    """Replace pieces of a text.

    Args:
        sql: The text.
        edits: Start, end and new text of each piece; they must not overlap.
        start: Where the returned part begins.
        end: Where it ends.

    Returns:
        The part with the replacements in it.
    """
    parts: list[str] = []
    at = start
    for first, last, text in sorted(edits):
        if first < start or last > end:
            continue
        parts += [sql[at:first], text]
        at = last
    parts.append(sql[at:end])
    return "".join(parts)


def read_name(tokens: Sequence[Token], at: int) -> tuple[list[str], int]:
    """Read a dotted name.

    Args:
        tokens: The statement.
        at: Index of the name's first token.

    Returns:
        Its parts as written, and the index after it; no parts if there is no name.
    """
    parts: list[str] = []
    while at < len(tokens) and tokens[at].is_name:
        parts.append(tokens[at].name)
        at += 1
        if at + 1 < len(tokens) and tokens[at].text == "." and tokens[at + 1].is_name:
            at += 1
        else:
            break
    return parts, at


def translate(sql: str, names: Names, catalog: str, schema: str) -> Statement:
    """Find the names in a statement and what Spark calls them.

    Args:
        sql: One statement.
        names: The catalog.
        catalog: The session's current catalog.
        schema: The session's current schema.

    Returns:
        The statement with its references and edits.
    """
    tokens = tokenize(sql)
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    statement = Statement(sql, tokens)
    aliases = _aliases(tokens, names)
    show = bool(tokens) and tokens[0].word == "SHOW"
    lists = _in_lists_of_relations(tokens)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if not token.is_name or (at > 0 and tokens[at - 1].text == "."):
            at += 1
            continue
        if (
            token.name.lower() in _CHANGE_FUNCTIONS
            and at + 2 < len(tokens)
            and tokens[at + 1].text == "("
            and tokens[at + 2].kind is Kind.STRING
        ):
            _translate_argument(statement, at + 2, names, catalog, schema)
            at += 3
            continue
        parts, end = read_name(tokens, at)
        before = "FROM" if at in lists else _word_before(tokens, at)
        _translate_name(statement, parts, at, end, names, (catalog, schema), aliases, show, before)
        at = max(end, at + 1)
    return statement


def _in_lists_of_relations(tokens: Sequence[Token]) -> set[int]:
    """Find the names that follow a comma in a FROM clause, such as that of `b.y` in `from a.x, b.y`."""
    found: set[int] = set()
    open_from = [False]
    for at, token in enumerate(tokens):
        if token.text == "(":
            open_from.append(False)
        elif token.text == ")":
            open_from = open_from[:-1] or [False]
        elif token.word == "FROM" and (at == 0 or tokens[at - 1].word != "DISTINCT"):
            open_from[-1] = True
        elif token.word in _ENDS_FROM:
            open_from[-1] = False
        elif open_from[-1] and at > 0 and tokens[at - 1].text == "," and token.is_name:
            found.add(at)
    return found


def _aliases(tokens: Sequence[Token], names: Names) -> set[str]:
    """Find catalogs' names that are aliases as well: there `a.b.c` may be a field of a struct."""
    found: set[str] = set()
    for at, token in enumerate(tokens[1:], start=1):
        if (
            not token.is_name
            or tokens[at - 1].text == "."
            or (at + 1 < len(tokens) and tokens[at + 1].text == ".")
        ):
            continue
        before = tokens[at - 1]
        if (before.word == "AS" or before.is_name or before.text == ")") and names.has_catalog(token.name):
            found.add(token.name.lower())
    return found


def _translate_name(
    statement: Statement,
    parts: list[str],
    at: int,
    end: int,
    names: Names,
    current: tuple[str, str],
    aliases: set[str],
    show: bool,
    before: str,
) -> None:
    tokens = statement.tokens
    first = parts[0].lower()
    if len(parts) >= 3:
        second = parts[1].lower()
        native = first == "system" and second in NATIVE_SYSTEM_SCHEMAS
        ambiguous = first in aliases and before not in _BEFORE_RELATION
        if names.has_catalog(first) and not native and not ambiguous:
            physical = quoted(names.physical_schema(first, second))
            statement.edits.append((tokens[at].start, tokens[at + 2].end, physical))
            statement.references.append(Reference(first, second, parts[2].lower(), at, end))
        return
    is_schema = before in _BEFORE_SCHEMA or (show and before in ("IN", "FROM"))
    if is_schema:
        if len(parts) == 2 and names.has_catalog(first):
            physical = quoted(names.physical_schema(first, parts[1].lower()))
            statement.edits.append((tokens[at].start, tokens[at + 2].end, physical))
        elif len(parts) == 1 and tokens[at].word not in (
            "IF",
            "IN",
            "FROM",
            "LIKE",
            "CATALOG",
            "SCHEMA",
            "EXTENDED",
        ):
            physical = quoted(names.physical_schema(current[0], first))
            statement.edits.append((tokens[at].start, tokens[at].end, physical))
        return
    if before not in _BEFORE_RELATION:
        # Nothing but a function is called; a table's columns in parentheses follow one of those words.
        is_call = len(parts) == 2 and end < len(tokens) and tokens[end].text == "("
        if is_call and names.has_schema(current[0], first):
            physical = quoted(names.physical_schema(current[0], first))
            statement.edits.append((tokens[at].start, tokens[at].end, physical))
        return
    if len(parts) == 2:
        if first == "information_schema" or names.has_schema(current[0], first):
            physical = quoted(names.physical_schema(current[0], first))
            statement.edits.append((tokens[at].start, tokens[at].end, physical))
            statement.references.append(Reference(current[0], first, parts[1].lower(), at, end))
    elif tokens[at].word not in _NOT_A_NAME:
        statement.references.append(Reference(*current, first, at, end))


def _word_before(tokens: Sequence[Token], at: int) -> str:
    """The keyword a name follows, looking through IF [NOT] EXISTS."""
    at -= 1
    if at >= 0 and tokens[at].word == "EXISTS":
        back = at - 1
        if back >= 0 and tokens[back].word == "NOT":
            back -= 1
        if back >= 0 and tokens[back].word == "IF":
            at = back - 1
    return tokens[at].word if at >= 0 else ""


def _translate_argument(statement: Statement, at: int, names: Names, catalog: str, schema: str) -> None:
    """Rewrite the table name in the string argument of `table_changes`."""
    token = statement.tokens[at]
    inner = tokenize(string_value(token))
    parts, end = read_name(inner, 0)
    if end != len(inner) or not parts:
        return
    full = [catalog, schema, *parts] if len(parts) == 1 else [catalog, *parts] if len(parts) == 2 else parts
    if len(full) != 3 or not names.has_catalog(full[0]):
        return
    physical = f"{quoted(names.physical_schema(full[0], full[1]))}.{quoted(full[2])}"
    statement.edits.append((token.start, token.end, string_literal(physical)))
    statement.references.append(Reference(full[0].lower(), full[1].lower(), full[2].lower(), at, at + 1))
