"""Puts the values of native parameters into a statement, as typed literals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local_warehouse.errors import WarehouseError
from local_warehouse.lexer import Kind, string_literal, tokenize
from local_warehouse.names import apply_edits

_TYPE = re.compile(r"[A-Za-z_]+(?:\(\d+(?:,\s*\d+)?\))?")


def bind(sql: str, parameters: Sequence[Any]) -> str:
    """Replace `?` and `:name` by the parameters' values.

    Args:
        sql: The statement.
        parameters: Thrift `TSparkParameter`s: by name, or by position where they have none.

    Returns:
        The statement with `CAST('value' AS type)` in place of each marker.

    Raises:
        WarehouseError: A marker has no value, or a type cannot be a parameter's.
    """
    if not parameters:
        return sql
    named = {parameter.name: parameter for parameter in parameters if parameter.name}
    unnamed = [parameter for parameter in parameters if not parameter.name]
    tokens = tokenize(sql)
    edits: list[tuple[int, int, str]] = []
    for at, token in enumerate(tokens):
        if token.kind is not Kind.SYMBOL:
            continue
        if token.text == "?" and unnamed:
            edits.append((token.start, token.end, _literal(unnamed.pop(0))))
        elif token.text == ":" and at + 1 < len(tokens) and tokens[at + 1].kind is Kind.WORD:
            # A marker stands alone; after a name or a closing parenthesis the colon is a path into a VARIANT.
            before = tokens[at - 1] if at else None
            touches = (
                before is not None and before.end == token.start and (before.is_name or before.text in ")]")
            )
            if touches or tokens[at + 1].start != token.end:
                continue
            name = tokens[at + 1].text
            if name not in named:
                raise WarehouseError(
                    "UNBOUND_SQL_PARAMETER", f"Found the unbound parameter: {name}.", "42P02"
                )
            edits.append((token.start, tokens[at + 1].end, _literal(named[name])))
    return apply_edits(sql, edits, 0, len(sql))


def _literal(parameter: Any) -> str:
    kind = str(parameter.type or "STRING")
    if (
        kind == "VOID"
        or parameter.value is None
        or (parameter.value.stringValue is None and not parameter.arguments)
    ):
        return "NULL"
    if not _TYPE.fullmatch(kind):
        raise WarehouseError(
            "UNSUPPORTED_FEATURE.PARAMETER_TYPE", f"A parameter cannot be of type {kind}.", "0A000"
        )
    return f"CAST({string_literal(str(parameter.value.stringValue))} AS {kind})"
