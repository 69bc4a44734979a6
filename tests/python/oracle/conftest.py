"""The account that the generator and the oracle both speak about."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synthetic") / "account"
    size = ("--days", "45", "--seed", "7", "--size", "small")
    subprocess.run(
        [sys.executable, "-m", "synthetic_account", str(out), *size], check=True, capture_output=True
    )
    return out


@pytest.fixture(scope="session")
def planted_truths(synthetic_folder: Path) -> dict[str, Any]:
    known: dict[str, Any] = json.loads((synthetic_folder / "truths.json").read_text(encoding="utf-8"))
    return known
