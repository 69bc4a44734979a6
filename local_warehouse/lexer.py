"""Cuts a SQL statement into tokens by Spark's own lexical rules, so that text inside strings stays untouched.

The rules are those of Spark's grammar file `SqlBaseLexer.g4` (4.x): backslash escapes in strings, raw strings
`r'..'`, dollar-quoted strings, nested block comments, back-quoted identifiers, identifiers that start with a
digit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """One token with its place in the text.

    Attributes:
        kind: What it is.
        text: Exactly as written.
        start: Offset of its first character.
        end: Offset after its last character.
    """

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """Upper-case text of a bare word, empty for every other kind: for keyword comparison."""
        return self.text.upper() if self.kind is Kind.WORD else ""

    @property
    def is_name(self) -> bool:
        """Whether the token can be a part of a name."""
        return self.kind is Kind.WORD or self.kind is Kind.QUOTED

    @property
    def name(self) -> str:
        """The name a word or a quoted identifier stands for."""
        if self.kind is Kind.QUOTED:
            return self.text[1:-1].replace("``", "`")
        return self.text


_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<line>--(?:\\\n|[^\r\n])*)
    | (?P<block>/\*)
    | (?P<raw>(?<!\w)[rR](?:'[^']*'|"[^"]*"))
    | (?P<single>'(?:[^'\\]|\\.|'')*')
    | (?P<double>"(?:[^"\\]|\\.|"")*")
    | (?P<dollar>\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?(tag)(?P=tag))\$)
    | (?P<quoted>`(?:[^`]|``)*`)
    | (?P<word>\w+)
    | (?P<symbol><=>|::|=>|->|\|\||\|>|<>|!=|<=|>=|==|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")
_STRINGS = frozenset(("raw", "single", "double", "dollar"))


def tokenize(sql: str) -> list[Token]:
    """Cut a statement into its tokens, leaving out white space and comments.

    Args:
        sql: Any text; what Spark would refuse comes out as single symbols, for Spark to refuse.

    Returns:
        The tokens in order.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        if found is None:  # cannot happen: the last branch takes any character
            break
        end = found.end()
        group = found.lastgroup or "symbol"
        if group == "block":
            end = _end_of_block_comment(sql, at)
        elif group == "word":
            tokens.append(Token(Kind.WORD, found.group(), at, end))
        elif group == "symbol":
            tokens.append(Token(Kind.SYMBOL, found.group(), at, end))
        elif group == "quoted":
            tokens.append(Token(Kind.QUOTED, found.group(), at, end))
        elif group in _STRINGS:
            tokens.append(Token(Kind.STRING, found.group(), at, end))
        at = end
    return tokens


def _end_of_block_comment(sql: str, start: int) -> int:
    depth = 0
    for edge in _BLOCK_EDGE.finditer(sql, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)


_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)


def string_value(token: Token) -> str:
    """Read the value of a string token as Spark does (escapes, raw and dollar-quoted strings).

    Args:
        token: A token of kind `Kind.STRING`.

    Returns:
        The characters the literal stands for.
    """
    text = token.text
    if text[0] in "rR":
        return text[2:-1]
    if text[0] == "$":
        tag = text.index("$", 1) + 1
        return text[tag:-tag]
    quote = text[0]

    def unescape(found: re.Match[str]) -> str:
        code = found.group(1) or found.group(2)
        if code:
            return chr(int(code, 16))
        if found.group(3):
            return chr(int(found.group(3), 8))
        return _ESCAPES.get(found.group(4), found.group(4))

    # A doubled quote is two literals side by side to Spark's grammar before 4.0, one quote since.
    return _ESCAPE.sub(unescape, text[1:-1].replace(quote * 2, "\\" + quote))


def string_literal(value: str) -> str:
    """Write a value as a SQL string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    """Write a name as a back-quoted identifier."""
    return "`" + name.replace("`", "``") + "`"
