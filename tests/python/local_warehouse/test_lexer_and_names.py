"""Names are translated; text in strings and comments never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_warehouse.lexer import Kind, string_literal, string_value, tokenize
from local_warehouse.names import translate


class Names:
    """A catalog of two schemas."""

    schemas = frozenset((("cat", "s"), ("cat", "other"), ("system", "billing")))

    def has_catalog(self, catalog: str) -> bool:
        return catalog.lower() in {found for found, _ in self.schemas}

    def has_schema(self, catalog: str, schema: str) -> bool:
        return (catalog.lower(), schema.lower()) in self.schemas

    def physical_schema(self, catalog: str, schema: str) -> str:
        return f"{catalog.lower()}__{schema.lower()}"


def spark(sql: str) -> str:
    return translate(sql, Names(), "cat", "s").physical()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("select * from cat.s.t", "select * from `cat__s`.t"),
        ("select * from `cat`.`s`.`t`;", "select * from `cat__s`.`t`"),
        ("select * from CAT . S . T", "select * from `cat__s` . T"),
        ("select cat.s.t.id from cat.s.t", "select `cat__s`.t.id from `cat__s`.t"),
        ("select * from system.billing.usage", "select * from `system__billing`.usage"),
        ("select system.builtin.abs(1)", "select system.builtin.abs(1)"),
        ("select system.session.v", "select system.session.v"),
        ("select * from s.t", "select * from `cat__s`.t"),
        (
            "select * from s.a, other.b x, (select 1, s.f) y",
            "select * from `cat__s`.a, `cat__other`.b x, (select 1, s.f) y",
        ),
        (
            "select * from s.a join other.b on a.x = b.x, s.c",
            "select * from `cat__s`.a join `cat__other`.b on a.x = b.x, `cat__s`.c",
        ),
        ("select a is distinct from b, s.f from t as s", "select a is distinct from b, s.f from t as s"),
        ("select 1 from a as s order by a.x, s.f", "select 1 from a as s order by a.x, s.f"),
        (
            "select * from table_changes('cat.s.t', 1), s.u where x in (1, s.f)",
            "select * from table_changes('`cat__s`.`t`', 1), `cat__s`.u where x in (1, s.f)",
        ),
        ("select * from information_schema.tables", "select * from `cat__information_schema`.tables"),
        ("select a.b from t a", "select a.b from t a"),
        ("select s.t from x as s", "select s.t from x as s"),
        ("create schema if not exists cat.new", "create schema if not exists `cat__new`"),
        ("drop table if exists other.t", "drop table if exists `cat__other`.t"),
        ("select cat.field.x from t as cat", "select cat.field.x from t as cat"),
        ("select cat.field.x, 1 from cat.s.t as cat", "select cat.field.x, 1 from `cat__s`.t as cat"),
        ("select cat.s.f(1)", "select `cat__s`.f(1)"),
        ("select s.f(s.x) from t as s", "select `cat__s`.f(s.x) from t as s"),
        ("select a.f(1), s.x in (1)", "select a.f(1), s.x in (1)"),
        ("select 'cat.s.t', \"cat.s.t\", r'cat.s.t\\' from cat.s.t", None),
        (
            "-- cat.s.t\nselect /* cat.s.t /* cat.s.t */ */ 1",
            "-- cat.s.t\nselect /* cat.s.t /* cat.s.t */ */ 1",
        ),
        ("select $$ cat.s.t $$, $x$ cat.s.t $$ $x$", "select $$ cat.s.t $$, $x$ cat.s.t $$ $x$"),
        ("select * from table_changes('cat.s.t', 1, 2)", "select * from table_changes('`cat__s`.`t`', 1, 2)"),
        ("select * from table_changes('`cat`.`s`.`t`', 1)", "select * from table_changes('`cat__s`.`t`', 1)"),
        ("select unknown.s.t", "select unknown.s.t"),
    ],
)
def test_only_names_are_translated(given: str, expected: str | None) -> None:
    if expected is None:
        expected = given.replace("from cat.s.t", "from `cat__s`.t")
    assert spark(given) == expected


def test_references_are_found_in_order() -> None:
    found = translate("merge into cat.s.a using other.b on true", Names(), "cat", "s").references
    assert [reference.key for reference in found] == [("cat", "s", "a"), ("cat", "other", "b")]


@given(st.text(max_size=60))
def test_a_literal_passes_unchanged_whatever_it_holds(value: str) -> None:
    sql = f"select {string_literal(value)} as x from cat.s.t where y = {string_literal(value)}"
    assert spark(sql) == sql.replace("from cat.s.t where", "from `cat__s`.t where")
    assert string_value(tokenize(string_literal(value))[0]) == value


@given(st.text(alphabet=st.characters(exclude_characters="`"), min_size=1, max_size=30))
def test_a_quoted_identifier_passes_unchanged_whatever_it_holds(name: str) -> None:
    sql = f"select `{name}` from cat.s.t"
    assert spark(sql) == f"select `{name}` from `cat__s`.t"


@given(
    st.lists(
        st.sampled_from(["cat.s.t", " ", "'", '"', "`", "--", "\n", "/*", "*/", "$$", ";", "{{", "\\", "x"])
    )
)
def test_any_text_is_cut_into_pieces_of_itself(pieces: list[str]) -> None:
    text = "".join(pieces)
    at = 0
    for token in tokenize(text):
        assert token.start >= at and text[token.start : token.end] == token.text
        at = token.end
    spark(text)


def test_a_long_literal_is_one_token() -> None:
    literal = string_literal("a'\\`;{{ x }}" * 8000)
    tokens = tokenize(f"select {literal}")
    assert [token.kind for token in tokens] == [Kind.WORD, Kind.STRING]
