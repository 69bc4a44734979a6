"""What several folders of tests share: one warehouse to build the project on, Spark, and a browser.

One warehouse for all modules that build the project: a Java that has warmed up works twice as fast.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from end_to_end.project_run import ProjectRun
from pyspark.sql import SparkSession

from dashboards_as_code import browser
from local_warehouse.home import Home
from local_warehouse.spark_session import start_spark, stop_spark


@pytest.fixture(scope="session")
def shared_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what dbt parses and compiles."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="session")
def shared_warehouse(tmp_path_factory: pytest.TempPathFactory, shared_target: Path) -> Iterator[ProjectRun]:
    run = ProjectRun(tmp_path_factory.mktemp("project"), shared_target)
    yield run
    run.remove()


@pytest.fixture(scope="module")
def project(shared_warehouse: ProjectRun) -> ProjectRun:
    """A running warehouse in which nothing was delivered and nothing built."""
    shared_warehouse.up()
    shared_warehouse.clear()
    return shared_warehouse


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One Spark of this process's own, with the settings of a small warehouse."""
    session = start_spark(Home(tmp_path_factory.mktemp("spark")))
    yield session
    stop_spark(session)


@pytest.fixture(scope="module")
def page() -> Iterator[browser.Page]:
    """A page of a headless Chromium. CI must have one; elsewhere the tests that look at pages are skipped."""
    program = browser.find()
    if program is None:
        missing = f"no Chromium is installed ({', '.join(browser.PROGRAMS)})"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with browser.page(program) as opened:
        yield opened
