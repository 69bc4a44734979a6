"""Reads the Asset Bundle as the Databricks CLI does, as far as this project uses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = re.compile(r"\$\{([a-z_][\w.-]*)\}")


def files() -> list[Path]:
    """databricks.yml and the files it includes, in order.

    Raises:
        AssertionError: A pattern of `include` finds no file.
    """
    main = ROOT / "databricks.yml"
    found = [main]
    for pattern in yaml.safe_load(main.read_text(encoding="utf-8"))["include"]:
        matches = sorted(ROOT.glob(pattern))
        assert matches, f"include: {pattern} finds no file"
        found += matches
    return found


def merged(first: Any, second: Any) -> Any:
    """Two trees as one; what the second says holds."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first | {
            key: merged(first[key], value) if key in first else value for key, value in second.items()
        }
    return deepcopy(second)


class Bundle:
    """The bundle of one target, with every reference in its place.

    Args:
        target: A name under `targets`.
        given: Variables and their values, as by --var.

    Raises:
        AssertionError: A reference leads nowhere.
    """

    def __init__(self, target: str, **given: str) -> None:
        tree: Any = {}
        for file in files():
            tree = merged(tree, yaml.safe_load(file.read_text(encoding="utf-8")))
        self.source = tree
        overrides = tree["targets"][target]
        variables = {
            name: overrides.get("variables", {}).get(name, variable.get("default"))
            for name, variable in tree["variables"].items()
        } | given
        self._names = {
            "bundle": {**tree["bundle"], "target": target},
            "var": variables,
            "resources": merged(tree["resources"], overrides.get("resources", {})),
            # What only the workspace knows.
            "workspace": {"file_path": "/Workspace/files"},
        }
        self.target: dict[str, Any] = self._resolved(overrides)
        self.resources: dict[str, dict[str, Any]] = self._resolved(self._names["resources"])

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._resolved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item) for item in value]
        if not isinstance(value, str):
            return value
        whole = REFERENCE.fullmatch(value)
        if whole:
            return self._resolved(self._named(whole[1]))
        return REFERENCE.sub(lambda found: str(self._resolved(self._named(found[1]))), value)

    def _named(self, path: str) -> Any:
        value: Any = self._names
        for name in path.split("."):
            assert isinstance(value, Mapping) and name in value, f"${{{path}}} is not defined"
            value = value[name]
        return value
