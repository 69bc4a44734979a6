"""The same rows through the same checks, once with the offline packages and once with the Hub's.

The Hub's packages are taken from the folder that DBT_PACKAGES_MIRROR names; without it those runs are
skipped. What each check must report stands beside it in `project/models/_cases.yml`, worked out by hand, so
both sources are held to that.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from oracle.warehouse_rows import rows_of

ROOT = Path(__file__).parents[3]
OFFLINE = ROOT / "offline_packages"
PROJECT = Path(__file__).parent / "project"
MIRROR = os.environ.get("DBT_PACKAGES_MIRROR")
CASES = {
    case["name"]: case["config"]["meta"]["failing"]
    for model in yaml.safe_load((PROJECT / "models/_cases.yml").read_text())["models"]
    for case in model["data_tests"]
}

pytestmark = pytest.mark.warehouse


@dataclass(frozen=True)
class Outcome:
    """What dbt did with one source of packages."""

    schema: str
    results: dict[str, tuple[str, int | None]]
    output: str
    environment: dict[str, str]

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query in which `{schema}` stands for the schema that was built."""
        return rows_of(query.format(schema=f"platform_observability.{self.schema}"), self.environment)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of a local warehouse that lives as long as this module's tests."""
    command = [sys.executable, "-m", "local_warehouse"]
    home = ["--home", str(tmp_path_factory.mktemp("warehouse"))]
    subprocess.run([*command, "up", *home], cwd=ROOT, check=True, capture_output=True, text=True)
    try:
        exports = subprocess.run(
            [*command, "env", *home], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        named = re.findall(r"^export (\w+)=['\"]?(.*?)['\"]?$", exports, re.MULTILINE)
        yield os.environ | dict(named)
    finally:
        subprocess.run([*command, "down", *home], cwd=ROOT, check=True, capture_output=True)


@pytest.fixture(scope="module")
def offline(warehouse: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    project = tmp_path_factory.mktemp("offline") / "project"
    shutil.copytree(PROJECT, project)
    shutil.copytree(OFFLINE, project / "dbt_packages")
    shutil.copytree(project / "monitors", project / "models/monitors")
    return build(project, "packages_offline", warehouse)


@pytest.fixture(scope="module")
def hub(warehouse: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    if not MIRROR:
        pytest.skip("DBT_PACKAGES_MIRROR is not set: the Hub's packages are not here to compare with")
    project = tmp_path_factory.mktemp("hub") / "project"
    shutil.copytree(PROJECT, project)
    for package in ("dbt_utils", "dbt_expectations", "dbt_date"):
        shutil.copytree(
            Path(MIRROR) / package,
            project / "dbt_packages" / package,
            ignore=shutil.ignore_patterns("integration_tests"),
        )
    return build(project, "packages_hub", warehouse)


@pytest.fixture(params=["offline", "hub"])
def outcome(request: pytest.FixtureRequest) -> Outcome:
    found: Outcome = request.getfixturevalue(request.param)
    return found


def build(project: Path, schema: str, environment: dict[str, str]) -> Outcome:
    """Builds the models and runs the tests, most of which are meant to fail."""
    # The project's own way to the warehouse; only the schema differs.
    example = yaml.safe_load((ROOT / "profiles.example.yml").read_text())["platform_observability"]
    target = example["outputs"]["local"] | {"schema": schema}
    profiles = {"package_cases": {"target": "local", "outputs": {"local": target}}}
    (project / "profiles.yml").write_text(yaml.safe_dump(profiles))
    run = dbt(project, environment, "run")
    assert run.returncode == 0, run.stdout
    tests = dbt(project, environment, "test")
    results = json.loads((project / "target/run_results.json").read_text())["results"]
    manifest = json.loads((project / "target/manifest.json").read_text())
    by_name = {
        manifest["nodes"][result["unique_id"]]["name"]: (result["status"], result["failures"])
        for result in results
        if result["unique_id"].startswith("test.")
    }
    return Outcome(schema, by_name, run.stdout + tests.stdout, environment)


def dbt(project: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments]
    return subprocess.run(
        [*command, "--profiles-dir", str(project)],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("case", CASES)
def test_a_check_reports_what_was_worked_out_by_hand(outcome: Outcome, case: str) -> None:
    failing = CASES[case]
    assert outcome.results[case] == ("fail" if failing else "pass", failing)


def test_a_surrogate_key_is_the_md5_of_the_values_as_text(outcome: Outcome) -> None:
    missing = "_dbt_utils_surrogate_key_null_"
    texts = {
        "plain": ("w1", "w1-7-1.50", "w1-2026-03-01-2026-03-01 10:00:00"),
        "nulls": (missing, f"{missing}-{missing}-{missing}", f"x-{missing}-{missing}"),
        "empty": ("", "-0-0.00", "-0001-01-01-1970-01-01 00:00:00.000001"),
        "hyphens": ("a-b", "a-b--1--0.01", "a-b-2026-12-31-2026-12-31 23:59:59.999999"),
        "unicode": (
            "naïve ☕ 日本",
            "naïve ☕ 日本-2147483647-9.99",
            "naïve ☕ 日本-9999-12-31-2026-06-30 12:00:00",
        ),
    }
    keys = {
        row["example"]: (row["of_one"], row["of_three"], row["of_expressions"])
        for row in outcome.rows("select * from {schema}.surrogate_keys")
    }
    assert keys == {
        example: tuple(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in values)
        for example, values in texts.items()
    }


@pytest.mark.parametrize(
    ("model", "column", "expected"),
    [
        ("days", "date_day", [datetime(2026, 2, 27) + timedelta(days=day) for day in range(3)]),
        ("months", "date_month", [datetime(2025, 11, 1), datetime(2025, 12, 1), datetime(2026, 1, 1)]),
        ("hours", "date_hour", [datetime(2026, 3, 1, 22) + timedelta(hours=hour) for hour in range(3)]),
    ],
)
def test_a_spine_has_each_period_and_not_the_end(
    outcome: Outcome, model: str, column: str, expected: list[datetime]
) -> None:
    rows = outcome.rows(f"select * from {{schema}}.{model} order by {column}")
    assert [row[column].replace(tzinfo=None) for row in rows] == expected
    assert {row["type"] for row in rows} == {"timestamp"}


def test_a_star_leaves_out_what_is_excepted(outcome: Outcome) -> None:
    chosen = outcome.rows("select * from {schema}.chosen_columns")
    assert [list(row) for row in chosen] == [["example", "default"]] * 9
    aliased = outcome.rows("select * from {schema}.aliased_columns")
    assert list(aliased[0]) == ["example", "n", "default", "amount"]


def test_a_monitor_that_is_disabled_gives_no_result(offline: Outcome) -> None:
    assert set(offline.results) == set(CASES)
    assert "Elementary is not installed: its monitors are disabled" in offline.output


@pytest.mark.skipif(not MIRROR, reason="DBT_PACKAGES_MIRROR is not set: no Elementary to compare with")
def test_every_stand_in_monitor_is_one_of_elementary() -> None:
    sources = Path(str(MIRROR), "elementary", "macros").rglob("*.sql")
    declared = {name for file in sources for name in re.findall(r"{%-? *test +(\w+)", file.read_text())}
    assert {file.stem for file in (OFFLINE / "elementary").rglob("generic_tests/*.sql")} <= declared
