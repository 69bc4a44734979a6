"""The SQL of a tile: it reads models of Gold, each named by `{{ ref("...") }}`, and nothing else.

The placeholder looks as in dbt, but no Jinja runs: each is replaced by a table's name, and any other brace or
percent tag is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_REF = re.compile(r"""\{\{\s*ref\(\s*(["'])([A-Za-z_][A-Za-z0-9_]*)\1\s*\)\s*\}\}""")
_TEMPLATING = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class QueryError(ValueError):
    """A tile's SQL that is not one query over Gold. The message says what is wrong."""


@dataclass(frozen=True)
class TileQuery:
    """A tile's query.

    Attributes:
        name: The file's name without `.sql`.
        template: Its text, with `{{ ref("...") }}` where a table stands.
        models: The models it reads, sorted.
    """

    name: str
    template: str
    models: tuple[str, ...]

    def with_tables(self, table_of: Callable[[str], str]) -> str:
        """The SQL with tables in place of references.

        Args:
            table_of: Gives the table's name for a model.

        Returns:
            SQL that a warehouse runs.
        """
        return _REF.sub(lambda match: table_of(match.group(2)), self.template)

    def bare(self) -> str:
        """The SQL with bare table names, for a session whose catalog and schema are those of Gold."""
        return self.with_tables(lambda model: model)

    def in_schema(self, catalog: str, schema: str) -> str:
        """The SQL with tables of three parts.

        Args:
            catalog: Name of the catalog.
            schema: Name of Gold's schema in it.

        Returns:
            SQL that runs in any session.

        Raises:
            QueryError: A name that is not letters, digits and underscores.
        """
        for name in (catalog, schema):
            if not _NAME.fullmatch(name):
                raise QueryError(f"{name!r} is no plain name of a catalog or schema")
        return self.with_tables(lambda model: f"{catalog}.{schema}.{model}")


def parse(name: str, text: str) -> TileQuery:
    """Reads the SQL of a tile.

    Args:
        name: The query's name.
        text: The SQL with its references.

    Returns:
        The query.

    Raises:
        QueryError: It is not exactly one SELECT, names a table without `ref`, or holds other templating.
    """
    models = sorted({match.group(2) for match in _REF.finditer(text)})
    query = TileQuery(name, text.strip() + "\n", tuple(models))
    if _TEMPLATING.search(_REF.sub("", text)):
        raise QueryError('braces other than {{ ref("model") }} are not filled in')
    if not models:
        raise QueryError('it reads no model: name one by {{ ref("model") }}')
    # A mark that no name in the text can have tells references from tables that are written out.
    mark = "ref_of_a_model__"
    if mark in text:
        raise QueryError(f"{mark} is a reserved name")
    try:
        statements = sqlglot.parse(query.with_tables(lambda model: mark + model), read="databricks")
    except SqlglotError as error:
        raise QueryError(f"it does not parse: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise QueryError("it must be exactly one SELECT")
    local = {cte.alias_or_name for cte in statements[0].find_all(exp.CTE)}
    for table in statements[0].find_all(exp.Table):
        is_written_out = bool(table.db) or not (table.name in local or table.name.startswith(mark))
        if is_written_out:
            raise QueryError(f'table {table.sql("databricks")} must be named by {{{{ ref("model") }}}}')
    return query


def gold_models(root: Path) -> frozenset[str]:
    """Names of the models and reports of Gold.

    Args:
        root: The dbt project's root.

    Returns:
        Names of dimensions, facts and reports: what analysts may rely on.
    """
    files = (root / "models" / "gold").rglob("*.sql")
    return frozenset(file.stem for file in files if file.stem.startswith(("dim_", "fct_", "rpt_")))
