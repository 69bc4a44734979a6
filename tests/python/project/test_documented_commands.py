"""What the documents tell a user to run does what they say, on the target they mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in (".", "docs", "local_warehouse", "synthetic_account", "dashboards", "offline_packages")
    for path in (ROOT / folder).glob("*.md")
)
#: A dbt command within backticks or on a line of a block.
COMMAND = re.compile(r"(?:(?<=`)|^)(?:\S*/|PLT_IDENTITY_SALT='[^']*' )?dbt [a-z-]+[^`\n]*", re.MULTILINE)


def dbt_commands(text: str) -> list[str]:
    """The dbt commands of one document that say more than their name: `dbt build` alone is none."""
    return [found for found in COMMAND.findall(text) if " --" in found or "run-operation" in found]


def test_commands_are_found() -> None:
    text = "As `dbt build`:\n```\n.venv/bin/dbt build --vars '{a: 1}'\n```\nor `dbt run-operation maintain`."
    assert dbt_commands(text) == [".venv/bin/dbt build --vars '{a: 1}'", "dbt run-operation maintain"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_dbt_command_names_its_target(document: str) -> None:
    """Without one it is `local`: it fails, or works on the warehouse of this machine and not on prod's."""
    commands = dbt_commands((ROOT / document).read_text(encoding="utf-8"))
    assert [command for command in commands if "--target " not in command] == []


def test_tables_to_drop_when_names_are_masked_are_those_that_show_them() -> None:
    """Names of people, and tags, can be read in the earlier versions of each such table."""
    shows_names = re.compile(r"\{\{\s*(?:identity|identities_in_\w+)\(|tag_columns\(\)")
    shown = {
        path.stem
        for path in (ROOT / "models" / "gold" / "core").glob("*.sql")
        if shows_names.search(path.read_text(encoding="utf-8"))
    }
    told = re.findall(r"drop table \w+\.plt_gold\.(\w+);", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert shown
    assert sorted(told) == sorted(shown)
