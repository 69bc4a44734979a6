"""Holds the project's SQL to its style, with SQLFluff and dbt's own Jinja; no warehouse is asked.

    .venv/bin/python scripts/sql_style.py [--fix] [PATH ...]

A model's SQL differs between its first build and the later ones, so each file is compiled and checked twice:
as `dbt compile --no-introspect` gives it, and as if one day of its inputs had changed. For the second, the
few macros that would ask the warehouse give a fixed answer; all other text is the project's own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlfluff_templater_dbt.templater as dbt_templater
from dbt.adapters.factory import get_adapter
from dbt.context.providers import generate_runtime_macro_context
from dbt.parser.manifest import ManifestLoader
from sqlfluff.core import FluffConfig, Linter

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("models", "snapshots", "tests", "analyses", "macros")
LONGEST_LINE = 110
#: A model longer than that is two: split it, or give what it shares a macro.
LONGEST_MODEL = 160

#: Macros that answer by themselves where a later build is checked, by their name in dbt's manifest.
LATER_BUILD = {
    "macro.platform_observability.is_merge": "{% macro is_merge() %}{{ return(true) }}{% endmacro %}",
    "macro.platform_observability.read_changes": """
        {% macro read_changes(relation, by_day=true) %}
            {%- do kwargs.update({}) -%}
            {{ return({
                "relation": relation, "source": relation | string | replace("`", ""), "kind": "version",
                "mode": "changes", "from_version": 1, "to_version": 2, "table_id": "none", "rows": 1,
                "days": [20260101] if by_day else "whole", "moved": true,
            }) }}
        {% endmacro %}
    """,
    "macro.platform_observability.read_variable": """
        {% macro read_variable(name) %}
            {{ return({"mode": "none", "days": [], "moved": false}) }}
        {% endmacro %}
    """,
    "macro.platform_observability.changed_periods": """
        {% macro changed_periods(read, key, attributes=none, of_new_keys=true) %}
            select {{ key | join(", ") }}, period_start, period_end from {{ read.relation }}
        {% endmacro %}
    """,
    "macro.dbt.run_query": """
        {% macro run_query(sql) %}
            {{ return({"rows": [range(20260101, 20260131) | list], "columns": {}}) }}
        {% endmacro %}
    """,
}

#: What the files are compiled for, with the macros that answer by themselves there.
BUILDS: Mapping[str, Mapping[str, str]] = {"first build": {}, "later build": LATER_BUILD}


@dataclass
class WithoutQuestions(dbt_templater.DbtConfigArgs):  # type: ignore[misc]
    """dbt's arguments as SQLFluff gives them, with `--no-introspect`."""

    introspect: bool = False


def has_other_indents(lines: Sequence[str], line_no: int) -> bool:
    """Whether a line is indented as this project does it, and SQLFluff would not.

    Args:
        lines: A file's lines.
        line_no: The line's number, from 1.

    Returns:
        True in a paragraph that holds a block of Jinja, which SQLFluff sees rendered only, and inside the
        bracket that a line of QUALIFY opens: one level deeper here, two levels there.
    """
    first = last = min(line_no, len(lines)) - 1
    while first > 0 and lines[first - 1].strip():
        first -= 1
    while last < len(lines) - 1 and lines[last + 1].strip():
        last += 1
    paragraph = lines[first : last + 1]
    before = lines[first:line_no]
    return any("{%" in line for line in paragraph) or any(
        line.lstrip().startswith("qualify ") and line.endswith("(") for line in before
    )


def text_violations(file: str) -> list[str]:
    """What is wrong with a file as text, macros too, of which SQLFluff sees only what they render.

    Args:
        file: A SQL file, relative to the project's root.

    Returns:
        A line for each violation.
    """
    found = []
    lines = (ROOT / file).read_text(encoding="utf-8").split("\n")
    if file.startswith("models/") and len(lines) - 1 > LONGEST_MODEL:
        found.append(f"{file}: {len(lines) - 1} lines, more than {LONGEST_MODEL}")
    for line_no, line in enumerate(lines, start=1):
        if len(line) > LONGEST_LINE:
            found.append(f"{file}:{line_no}: {len(line)} characters, more than {LONGEST_LINE}")
        if "\t" in line or line != line.rstrip():
            found.append(f"{file}:{line_no}: a tab, or blanks at the end")
    return found


@contextmanager
def adapter_without_connection(templater: Any) -> Iterator[None]:
    """Readies the adapter for compiling, and asks no host; SQLFluff would list its relations."""
    adapter = get_adapter(templater.dbt_config)
    adapter.set_macro_resolver(templater.dbt_manifest)
    adapter.set_macro_context_generator(generate_runtime_macro_context)
    yield


def sql_files(paths: Sequence[str]) -> list[str]:
    """The SQL files of the project under some paths.

    Args:
        paths: Files or folders, relative to the project's root.

    Returns:
        Files relative to the root. What belongs to dbt projects of the Python tests is left out.
    """
    found: set[Path] = set()
    for path in (ROOT / name for name in paths):
        found.update([path] if path.is_file() else path.rglob("*.sql"))
    own = (path.relative_to(ROOT) for path in found)
    return sorted(str(path) for path in own if path.parts[:2] != ("tests", "python"))


def check(files: Sequence[str], build: str, fix: bool) -> tuple[int, list[str]]:
    """Compiles and checks files once.

    Args:
        files: SQL files, relative to the project's root.
        build: Which of `BUILDS` the files are compiled for.
        fix: Whether files are put right where SQLFluff can.

    Returns:
        How many files were checked, and a line for each violation (with `fix`: each that is left).

    Raises:
        KeyError: A macro that answers by itself for this build is not in the project.
    """
    answers = BUILDS[build]
    started = time.monotonic()
    load = ManifestLoader.get_full_manifest

    def load_with_answers(*arguments: Any, **options: Any) -> Any:
        manifest = load(*arguments, **options)
        for unique_id, text in answers.items():
            manifest.macros[unique_id].macro_sql = text
        return manifest

    dbt_templater.DbtConfigArgs = WithoutQuestions
    dbt_templater.DbtTemplater.connection = adapter_without_connection
    ManifestLoader.get_full_manifest = load_with_answers
    try:
        config = FluffConfig.from_path(str(ROOT))
        # Builds are checked side by side, and dbt keeps what it parsed in this folder.
        config.set_value(("templater", "dbt", "target_path"), f"target/style/{build.replace(' ', '_')}")
        linter = Linter(config=config)
        result = linter.lint_paths(tuple(files), fix=fix, apply_fixes=fix, processes=1)
    finally:
        ManifestLoader.get_full_manifest = load
    linted = [file for folder in result.paths for file in folder.files]
    lines = set()
    for file in linted:
        text = Path(ROOT, file.path).read_text(encoding="utf-8").split("\n")
        for found in file.get_violations(fixable=False if fix else None):
            if found.rule_code() != "LT02" or not has_other_indents(text, found.line_no):
                lines.add(f"{file.path}:{found.line_no}: {found.rule_code()} {found.desc()}")
    print(f"{build}: {len(linted)} of {len(files)} files, {time.monotonic() - started:.1f} s", flush=True)
    return len(linted), sorted(lines)


def main() -> int:
    """Checks what the command line names.

    Returns:
        0 where all files were checked and hold, else 1.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("paths", nargs="*", default=PLACES, help="files or folders; all SQL without any")
    parser.add_argument("--fix", action="store_true", help="put right what SQLFluff can")
    options = parser.parse_args()
    texts = sql_files(options.paths)
    # Seconds, where the rest takes minutes: what is wrong here is told first, and alone.
    if wrong := [line for file in texts for line in text_violations(file)]:
        print("\n".join(wrong))
        return 1
    left: list[str] = []
    files = [file for file in texts if not file.startswith("macros")]
    # Fixes for one build are made before the other is looked at.
    workers = 1 if options.fix else len(BUILDS)
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        running = {name: pool.submit(check, files, name, options.fix) for name in BUILDS}
    for name, done in running.items():
        checked, lines = done.result()
        left += [f"{line} ({name})" for line in lines]
        if checked != len(files):
            left.append(f"{len(files) - checked} files were not checked ({name})")
    print("\n".join(left))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
