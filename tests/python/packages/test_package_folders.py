"""The offline packages stand where the Hub's would: same names, each thing in them tried by a case."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
OFFLINE = ROOT / "offline_packages"
PROJECT = Path(__file__).parent / "project"


def declared_tests(package: Path) -> set[str]:
    declared = (re.findall(r"{%-? *test (\w+)\(", file.read_text()) for file in package.rglob("*.sql"))
    return {name for names in declared for name in names}


def called_tests(file: Path, package: str) -> set[str]:
    return set(re.findall(rf"\b{package}\.(\w+)", file.read_text()))


def test_packages_yml_and_the_folders_name_the_same_packages() -> None:
    wanted: list[dict[str, Any]] = yaml.safe_load((ROOT / "packages.yml").read_text())["packages"]
    folders = {folder.name for folder in OFFLINE.iterdir() if folder.is_dir()}
    assert {entry["package"].split("/")[1] for entry in wanted} == folders
    for folder in folders:
        assert yaml.safe_load((OFFLINE / folder / "dbt_project.yml").read_text())["name"] == folder


@pytest.mark.parametrize(
    ("package", "cases"),
    [
        ("dbt_utils", PROJECT / "models/_cases.yml"),
        ("dbt_expectations", PROJECT / "models/_cases.yml"),
        ("elementary", PROJECT / "monitors/_monitors.yml"),
    ],
)
def test_every_test_has_a_case_and_no_case_calls_one_that_is_not_there(package: str, cases: Path) -> None:
    assert declared_tests(OFFLINE / package) == called_tests(cases, package)


def test_each_macro_has_a_file_of_its_own() -> None:
    for file in OFFLINE.glob("*/macros/**/*.sql"):
        names = re.findall(r"{%-? *(?:test|macro) (\w+)\(", file.read_text())
        assert names == [file.stem]
