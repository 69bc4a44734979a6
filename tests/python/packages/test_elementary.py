"""The real Elementary on the local warehouse: monitors stay quiet and fire, report and alerts come out.

The monitored tables are made by hand, with only the columns that monitors look at: a month of ordinary days,
then days on which something is wrong. The packages come from the folder that DBT_PACKAGES_MIRROR names, and
`edr` from `.venv-elementary`; without them these tests are skipped.
"""

import base64
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from oracle.warehouse_rows import rows_of

ROOT = Path(__file__).parents[3]
MIRROR = os.environ.get("DBT_PACKAGES_MIRROR")
EDR = ROOT / ".venv-elementary" / "bin" / "edr"
CATALOG = "platform_observability"
#: Monitors judge the two days before this one and, where a day's data may still come, the two before those.
TODAY = "2026-03-01"

pytestmark = [
    pytest.mark.warehouse,
    pytest.mark.skipif(not MIRROR, reason="DBT_PACKAGES_MIRROR is not set: the real Elementary is not here"),
]

DAYS = "select explode(sequence(date'2026-01-25', date'2026-02-28')) as day"
#: Ordinary days differ a little, as real ones do: 0, 1 or 2 by the day of the month.
ORDINARY = (
    """
    create or replace table system.billing.usage as
    select '1' as record_id, date'2026-02-28' as usage_date
    """,
    """
    create or replace table system.billing.list_prices as
    select 'JOBS' as sku_name, timestamp'2026-01-01 00:00:00' as price_start_time
    """,
    f"""
    create or replace table {CATALOG}.plt_bronze.brz_billing_usage as
    select day as ingestion_date
    from ({DAYS}) lateral view explode(sequence(1, 20 + day(day) % 3)) as number
    """,
    f"""
    create or replace table {CATALOG}.plt_bronze.brz_lakeflow_job_run_timeline as
    select
        cast(day as timestamp)
        + make_interval(0, 0, 0, 0, number - 1, day(day) % 3 * number) as period_end_time
    from ({DAYS}) lateral view explode(sequence(1, 22 + day(day) % 3)) as number
    """,
    f"""
    create or replace table {CATALOG}.plt_gold.fct_usage as
    select
        cast(day as timestamp) + interval 5 hours as usage_start_time,
        product as billing_origin_product,
        workspace as workspace_id,
        cast(10 as decimal(38, 18)) as list_cost
    from ({DAYS})
    lateral view explode(array('JOBS', 'SQL')) as product
    lateral view explode(array('w1', 'w2')) as workspace
    lateral view explode(sequence(1, 10 + day(day) % 3)) as number
    """,
    f"""
    create or replace table {CATALOG}.plt_gold.fct_cost_daily as
    select
        cast(date_format(day, 'yyyyMMdd') as int) as date_key,
        cast(400 + day(day) % 3 as decimal(38, 18)) as list_cost
    from ({DAYS})
    """,
    f"""
    create or replace table {CATALOG}.plt_gold.fct_runs_finished_daily as
    select
        cast(date_format(day, 'yyyyMMdd') as int) as date_key,
        cast(3 + day(day) % 3 as bigint) as failed_runs
    from ({DAYS})
    """,
)
NEW_COLUMN = "add columns (surprise string)"
#: What goes wrong, by the monitor that must see it.
WRONG = {
    "columns_of_usage_are_as_before": f"alter table system.billing.usage {NEW_COLUMN}",
    "columns_of_list_prices_are_as_before": f"alter table system.billing.list_prices {NEW_COLUMN}",
    "columns_of_fct_usage_are_as_before": f"alter table {CATALOG}.plt_gold.fct_usage {NEW_COLUMN}",
    "as_many_usage_records_arrive_as_before": f"""
        delete from {CATALOG}.plt_bronze.brz_billing_usage where ingestion_date = '2026-02-28'
    """,
    "as_many_job_runs_arrive_as_before": f"""
        delete from {CATALOG}.plt_bronze.brz_lakeflow_job_run_timeline
        where period_end_time >= '2026-02-28'
    """,
    "cost_by_product_is_as_before": f"""
        update {CATALOG}.plt_gold.fct_usage
        set list_cost = 3 * list_cost
        where to_date(usage_start_time) = '2026-02-27' and billing_origin_product = 'JOBS'
            and workspace_id = 'w1'
    """,
    "no_product_has_far_more_records_than_before": f"""
        insert into {CATALOG}.plt_gold.fct_usage
            (usage_start_time, billing_origin_product, workspace_id, list_cost)
        select timestamp'2026-02-27 06:00:00', 'SQL', 'w2', 0 from range(40)
    """,
    "cost_a_day_is_as_before": f"""
        update {CATALOG}.plt_gold.fct_cost_daily set list_cost = 5 * list_cost where date_key = 20260227
    """,
    "failed_runs_a_day_are_as_before": f"""
        update {CATALOG}.plt_gold.fct_runs_finished_daily set failed_runs = 90 where date_key = 20260227
    """,
}
#: Monitors that see what is planted for another one.
ALSO_SEEN = {
    # The job runs that are missing.
    "job_runs_come_as_often_as_before",
    # The product that costs more does so in one workspace.
    "cost_by_workspace_is_as_before",
}


@dataclass(frozen=True)
class Watched:
    """A copy of the project with the real packages, and a warehouse with its monitored tables."""

    project: Path
    environment: dict[str, str]

    def dbt(self, *arguments: str, switched_on: bool = True) -> str:
        """Runs dbt; gives what it printed."""
        variables = {"elementary_enabled": switched_on, "custom_run_started_at": f"{TODAY}T00:30:00"}
        command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments]
        dbt = subprocess.run(
            [*command, "--target", "local", "--vars", json.dumps(variables)],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert dbt.returncode == 0, dbt.stdout
        return dbt.stdout

    def shown(self) -> dict[str, tuple[str, str]]:
        """What a message names a monitor by: the kind of test it is, and the table it watches."""
        manifest = json.loads((self.project / "target/manifest.json").read_text())
        return {
            node["name"]: (node["test_metadata"]["name"], node["depends_on"]["nodes"][0].split(".")[-1])
            for node in manifest["nodes"].values()
            if "elementary-tests" in node["tags"]
        }

    def monitor(self) -> dict[str, str]:
        """Runs all monitors; gives the status of each."""
        self.dbt("test", "--select", "tag:elementary-tests")
        results = json.loads((self.project / "target/run_results.json").read_text())["results"]
        return {
            result["unique_id"].split(".")[2]: result["status"]
            for result in results
            if result["unique_id"].startswith("test.")
        }

    def edr(self, *arguments: str) -> str:
        """Runs `edr` on this warehouse; gives what it logged."""
        edr = subprocess.run(
            [
                EDR,
                *arguments,
                "--profiles-dir",
                self.project,
                "--project-dir",
                self.project,
                "--profile-target",
                "local",
                "--config-dir",
                self.project / "edr",
                "--target-path",
                self.project / "edr" / "target",
            ],
            env=self.environment
            | {
                # Its own project wants packages beside it, and asks the Hub where they are missing.
                "PYTHONPATH": str(self.project / "edr" / "site"),
                "PATH": f"{EDR.parent}:{self.environment['PATH']}",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert edr.returncode == 0, edr.stdout + edr.stderr
        return edr.stdout + edr.stderr


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    project = folder / "project"
    project.mkdir()
    for name in ("models", "macros", "seeds", "account_seeds", "snapshots", "analyses", "tests"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("python"))
    shutil.copy(ROOT / "dbt_project.yml", project)
    shutil.copy(ROOT / "packages.yml", project)
    shutil.copy(ROOT / "profiles.example.yml", project / "profiles.yml")
    for package in ("dbt_utils", "dbt_expectations", "dbt_date", "elementary"):
        without = shutil.ignore_patterns("integration_tests", ".git")
        shutil.copytree(Path(str(MIRROR)) / package, project / "dbt_packages" / package, ignore=without)
    command = [sys.executable, "-m", "local_warehouse"]
    home = ["--home", str(folder / "warehouse")]
    subprocess.run([*command, "up", *home], cwd=ROOT, check=True, capture_output=True, text=True)
    try:
        exports = subprocess.run(
            [*command, "env", *home], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        named = dict(re.findall(r"^export (\w+)=['\"]?(.*?)['\"]?$", exports, re.MULTILINE))
        run = Watched(project, os.environ | named)
        for schema in ("system.billing", f"{CATALOG}.plt_bronze", f"{CATALOG}.plt_gold"):
            rows_of(f"create schema if not exists {schema}", named)
        for statement in ORDINARY:
            rows_of(statement, named)
        run.dbt("run", "--select", "elementary")
        yield run
    finally:
        subprocess.run([*command, "down", *home], cwd=ROOT, check=True, capture_output=True)


@pytest.fixture(scope="module")
def ordinary(watched: Watched) -> dict[str, str]:
    """What the monitors say of a month without anything wrong."""
    return watched.monitor()


@pytest.fixture(scope="module")
def wrong(watched: Watched, ordinary: dict[str, str]) -> dict[str, str]:
    """What the monitors say afterwards, with everything wrong at once."""
    assert ordinary
    for statement in WRONG.values():
        rows_of(statement, watched.environment)
    return watched.monitor()


@pytest.fixture(scope="module")
def edr(watched: Watched, wrong: dict[str, str]) -> Watched:
    """`edr` with its packages beside it, once there is something to tell."""
    if not EDR.exists():
        pytest.skip("there is no .venv-elementary: edr is not here")
    assert wrong
    (installed,) = (EDR.parents[1] / "lib").glob("python3*/site-packages/elementary")
    site = watched.project / "edr" / "site" / "elementary"
    shutil.copytree(installed, site)
    for package in ("dbt_utils", "elementary"):
        shutil.copytree(
            watched.project / "dbt_packages" / package, site / "monitor/dbt_project/dbt_packages" / package
        )
    (watched.project / "edr" / "config.yml").write_text("anonymous_usage_tracking: false\n")
    return watched


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine that takes messages as Slack's webhook does, and what it was sent."""
    messages: list[str] = []

    class Webhook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Nothing is printed for a message."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Webhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", messages
    server.shutdown()


def test_monitors_are_quiet_on_ordinary_days(ordinary: dict[str, str]) -> None:
    assert ordinary == dict.fromkeys(WRONG.keys() | ALSO_SEEN, "pass")


def test_each_monitor_warns_of_what_it_watches(wrong: dict[str, str]) -> None:
    assert wrong == dict.fromkeys(WRONG.keys() | ALSO_SEEN, "warn")


def test_the_report_shows_the_monitors(edr: Watched) -> None:
    page = edr.project / "report.html"
    log = edr.edr("report", "--file-path", str(page), "--open-browser", "false")
    assert "are compatible" in log
    (encoded,) = re.findall(
        r"window\.elementaryData = JSON\.parse\(atob\('([A-Za-z0-9+/=]+)'\)\)", page.read_text()
    )
    report = base64.b64decode(encoded).decode()
    assert [monitor for monitor in WRONG if monitor not in report] == []


def test_each_warning_is_sent_once(edr: Watched, webhook: tuple[str, list[str]]) -> None:
    address, messages = webhook
    edr.edr("monitor", "--slack-webhook", address)
    # One message has all that is wrong with a table, or with a test.
    shown = edr.shown()
    for monitor in WRONG:
        kind, table = shown[monitor]
        assert any(
            f".{table}" in message.lower() and (kind in message or monitor in message) for message in messages
        ), monitor
    messages.clear()
    edr.edr("monitor", "--slack-webhook", address)
    assert messages == []


def test_installed_and_switched_off_says_so(watched: Watched) -> None:
    output = watched.dbt("run", "--select", "processing_state", switched_on=False)
    assert "Elementary is switched off (elementary_enabled): its monitors are disabled" in output
    assert rows_of(
        f"select table_name from {CATALOG}.information_schema.tables where table_name = 'processing_state'",
        watched.environment,
    )


def test_half_on_is_refused(watched: Watched) -> None:
    project_file = watched.project / "dbt_project.yml"
    text = project_file.read_text()
    project_file.write_text(text.replace("elementary_enabled: false", "elementary_enabled: true"))
    try:
        dbt = subprocess.run(
            [
                Path(sys.executable).with_name("dbt"),
                "run",
                "--select",
                "processing_state",
                "--target",
                "local",
            ],
            cwd=watched.project,
            env=watched.environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        project_file.write_text(text)
    assert dbt.returncode != 0
    assert "say --vars '{elementary_enabled: true}'" in dbt.stdout
