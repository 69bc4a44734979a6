"""What the modules that answer statements ask of a client's session; `engine` has the session itself."""

from __future__ import annotations

from typing import Protocol

from pyspark.sql import SparkSession

from local_warehouse.catalog import Catalog
from local_warehouse.lexer import string_literal
from local_warehouse.names import Statement
from local_warehouse.results import Result
from local_warehouse.settings import SessionSettings


class Engine(Protocol):
    """What all sessions share."""

    @property
    def catalog(self) -> Catalog:
        """What exists in the home."""


class Session(Protocol):
    """A client's session."""

    @property
    def engine(self) -> Engine:
        """What all sessions share."""

    @property
    def spark(self) -> SparkSession:
        """Its own Spark session."""

    @property
    def catalog(self) -> str:
        """The current catalog."""

    @property
    def schema(self) -> str:
        """The current schema."""

    @property
    def settings(self) -> SessionSettings:
        """Its settings."""

    def use(self, catalog: str, schema: str) -> None:
        """Make a catalog and schema the current ones."""

    def execute(self, sql: str) -> Result:
        """Run one statement."""

    def sql(self, physical: str) -> Result:
        """Run a statement that has Spark's names."""


def answer_context_functions(session: Session, statement: Statement) -> None:
    """Put the session's catalog and schema in place of the functions that ask for them."""
    tokens = statement.tokens
    answers = {
        "CURRENT_CATALOG": session.catalog,
        "CURRENT_DATABASE": session.schema,
        "CURRENT_SCHEMA": session.schema,
    }
    for at, token in enumerate(tokens):
        if (
            token.word in answers
            and [part.text for part in tokens[at + 1 : at + 3]] == ["(", ")"]
            and (at == 0 or tokens[at - 1].text != ".")
        ):
            statement.edits.append((token.start, tokens[at + 2].end, string_literal(answers[token.word])))
