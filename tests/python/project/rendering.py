"""Renders Jinja with the project's macros, as dbt does, where no warehouse is in reach."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DBT = Path(sys.executable).parent / "dbt"


def render(
    expressions: Mapping[str, str], target_path: Path, variables: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Renders several expressions in one run of dbt.

    Args:
        expressions: Jinja by name. Names are words.
        target_path: Where dbt keeps what it parsed.
        variables: Values of variables, in place of those of the project.

    Returns:
        What each expression gives, without blanks around it.

    Raises:
        AssertionError: dbt failed; its output is the message.
    """
    inline = "\n".join(f"==> {name} <=={text}" for name, text in expressions.items())
    finished = subprocess.run(
        [
            str(DBT), "--no-use-colors", "--quiet", "compile", "--inline", inline, "--no-introspect",
            "--no-populate-cache", "--vars", json.dumps(dict(variables or {})), "--target", "prod",
            "--profiles-dir", str(ROOT),
            "--target-path", str(target_path), "--log-path", str(target_path / "logs"),
        ],
        cwd=ROOT,
        env={**os.environ, "DATABRICKS_HOST": "workspace.invalid"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-2000:]
    _, *parts = re.split(r"==> (\w+) <==", finished.stdout)
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
