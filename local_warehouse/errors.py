"""Errors as the service reports them: error class in brackets, message, SQLSTATE."""

from __future__ import annotations

import re
from collections.abc import Mapping

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from local_warehouse.lexer import quoted


class WarehouseError(Exception):
    """A statement cannot be done.

    Attributes:
        error_class: For instance `TABLE_OR_VIEW_NOT_FOUND`.
        sql_state: Five characters.
        message: The whole text a client shows: `[CLASS] message SQLSTATE: 00000`.
        details: A stack trace or the like, empty where there is none.
    """

    def __init__(self, error_class: str, message: str, sql_state: str, details: str = "") -> None:
        self.error_class = error_class
        self.sql_state = sql_state
        text = message if message.startswith(f"[{error_class}") else f"[{error_class}] {message}"
        self.message = text if "SQLSTATE:" in text else f"{text} SQLSTATE: {sql_state}"
        self.details = details
        super().__init__(self.message)


def unsupported(what: str) -> WarehouseError:
    """Say that the local warehouse cannot honour a statement.

    Args:
        what: A whole sentence: what is not supported, and what to do instead where there is something.

    Returns:
        The error to raise.
    """
    return WarehouseError("UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE", what, "0A000")


_SQLSTATE = re.compile(r"SQLSTATE:\s*([0-9A-Z]{5})")
_CLASS = re.compile(r"\s*\[([A-Z][A-Z0-9_.]*)\]")


def from_exception(error: BaseException, logical: Mapping[str, tuple[str, str]]) -> WarehouseError:
    """Turn what Spark, Delta or Python raised into the error a client gets.

    Args:
        error: What was raised.
        logical: Spark's database names and the (catalog, schema) each stands for, to name things as the user
            does.

    Returns:
        The error, with Spark's error class and SQLSTATE where it gave them.
    """
    if isinstance(error, WarehouseError):
        return error
    text = str(error)
    error_class = state = None
    if isinstance(error, PySparkException):
        error_class, state = error.getCondition(), error.getSqlState()
    java = error.java_exception if isinstance(error, Py4JJavaError) else None
    if java is not None:
        causes: list[str] = []
        while java is not None and len(causes) < 8:
            causes.append(str(java.getMessage() or java.getClass().getName()))
            java = java.getCause()
        text = "\n".join(dict.fromkeys(causes))
    found = _SQLSTATE.search(text)
    state = state or (found.group(1) if found else None)
    named = _CLASS.match(text)
    error_class = error_class or (named.group(1) if named else None)
    text = text.split("\n\nJVM stacktrace:")[0].strip()
    return WarehouseError(
        error_class or "INTERNAL_ERROR", with_logical_names(text, logical), state or "XX000"
    )


def with_logical_names(text: str, logical: Mapping[str, tuple[str, str]]) -> str:
    """Replace Spark's database names in a message by the names the user knows.

    Args:
        text: The message.
        logical: Spark's database names and the (catalog, schema) each stands for.

    Returns:
        The message with `cat`.`schema` (or cat.schema) in place of `cat__schema`.
    """
    if "__" not in text:
        return text
    for physical in sorted(logical, key=len, reverse=True):
        if physical not in text:
            continue
        catalog, schema = logical[physical]
        text = text.replace(f"`spark_catalog`.{quoted(physical)}", quoted(physical))
        text = text.replace(f"spark_catalog.{physical}", physical)
        text = text.replace(quoted(physical), f"{quoted(catalog)}.{quoted(schema)}")
        text = re.sub(rf"(?<!\w){re.escape(physical)}(?!\w)", f"{catalog}.{schema}", text)
    return text
