"""scripts/setup leaves the packages in place that were asked for, whatever script runs it later."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("dbt_utils", "dbt_expectations", "elementary")
#: As `dbt deps` does: the folder is made anew, and nothing is written beside the packages.
DBT = """#!/bin/sh
test "$1" = deps || exit 1
rm -rf dbt_packages
for name in dbt_utils dbt_expectations elementary; do
    mkdir -p dbt_packages/$name
    echo "name: $name of the Hub" > dbt_packages/$name/dbt_project.yml
done
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files that the set-up reads, an environment in which all is installed, and a Hub in reach."""
    folder = tmp_path / "project"
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("scripts", "offline_packages"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "profiles.example.yml"):
        shutil.copy(ROOT / name, folder / name)
    digest = hashlib.sha256((folder / "requirements.txt").read_bytes()).hexdigest()
    (folder / ".venv" / ".installed-requirements").write_text(digest)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / ".venv" / "bin" / "dbt").write_text(DBT)
    (folder / ".venv" / "bin" / "dbt").chmod(0o755)
    return folder


def set_up(project: Path, *arguments: str, mirror: Path | None = None) -> str:
    """Runs the set-up, and tells what the packages in place say of themselves."""
    environment = {name: value for name, value in os.environ.items() if name != "DBT_PACKAGES_MIRROR"}
    finished = subprocess.run(
        [sys.executable, str(project / "scripts" / "setup"), *arguments],
        env=environment | ({"DBT_PACKAGES_MIRROR": str(mirror)} if mirror else {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    texts = {(project / "dbt_packages" / name / "dbt_project.yml").read_text() for name in PACKAGES}
    if texts == {(ROOT / "offline_packages" / name / "dbt_project.yml").read_text() for name in PACKAGES}:
        return "offline"
    (kind,) = {text.rpartition("of the ")[2].strip() for text in texts}
    return kind


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    for name in PACKAGES:
        (tmp_path / "mirror" / name).mkdir(parents=True)
        (tmp_path / "mirror" / name / "dbt_project.yml").write_text(f"name: {name} of the mirror")
    return tmp_path / "mirror"


def test_packages_of_the_hub_stay_until_another_choice(project: Path) -> None:
    assert set_up(project) == "offline"
    assert set_up(project, "--packages", "hub") == "Hub"
    assert set_up(project) == "Hub"
    assert set_up(project, "--packages", "offline") == "offline"
    assert set_up(project) == "offline"


def test_a_mirror_that_is_named_is_taken(project: Path, mirror: Path) -> None:
    set_up(project, "--packages", "hub")
    assert set_up(project, mirror=mirror) == "mirror"
    assert set_up(project, "--packages", "hub", mirror=mirror) == "Hub"
    assert set_up(project, mirror=mirror) == "mirror"
    assert set_up(project) == "offline"


def test_a_folder_that_lacks_a_package_is_made_anew(project: Path) -> None:
    set_up(project, "--packages", "hub")
    shutil.rmtree(project / "dbt_packages" / "dbt_utils")
    assert set_up(project) == "offline"
