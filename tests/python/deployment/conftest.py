from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from end_to_end.project_run import ROOT


@pytest.fixture(scope="package")
def account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of a small account."""
    folder = tmp_path_factory.mktemp("generated") / "account"
    subprocess.run(
        [
            sys.executable, "-m", "synthetic_account", str(folder),
            "--days", "3", "--seed", "5", "--size", "small",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )  # fmt: skip
    return folder
