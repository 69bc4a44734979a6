"""dbt with dbt-databricks, unpatched, on a small project of every kind of node."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import RunLifeCycleState
from serving_warehouse import Warehouse

pytestmark = pytest.mark.warehouse

FILES = {
    "dbt_project.yml": """
name: tiny
version: "1.0"
profile: tiny
flags: {use_describe_as_json_for_relation_metadata: true, send_anonymous_usage_stats: false}
models: {+persist_docs: {relation: true, columns: true}}
""",
    "profiles.yml": """
tiny:
  target: local
  outputs:
    local:
      type: databricks
      host: "{{ env_var('LOCAL_WAREHOUSE_HOST') }}"
      http_path: "{{ env_var('LOCAL_WAREHOUSE_HTTP_PATH') }}"
      token: "{{ env_var('LOCAL_WAREHOUSE_TOKEN') }}"
      catalog: platform_observability
      schema: tiny
      threads: 4
      connection_parameters:
        _connection_uri: "{{ env_var('LOCAL_WAREHOUSE_HOST') }}{{ env_var('LOCAL_WAREHOUSE_HTTP_PATH') }}"
        enable_telemetry: false
""",
    "seeds/people.csv": 'id,name,amount\n1,a,1.5\n2,"it\'s ""q""; {{ x }} `y`",2.5\n3,,3\n',
    "models/a_view.sql": "select id, name, cast(amount as decimal(38,18)) as amount from {{ ref('people') }}",
    "models/a_table.sql": """{{ config(materialized='table', databricks_tags={'team': 'x'}) }}
select *, 20240101 as date_key from {{ ref('a_view') }}""",
    "models/merged.sql": """{{ config(materialized='incremental', incremental_strategy='merge',
    unique_key='id', partition_by=['id'], tblproperties={'delta.enableChangeDataFeed': 'true'}) }}
select id, name, amount from {{ ref('a_table') }}""",
    "models/replaced.sql": """{{ config(materialized='incremental', incremental_strategy='replace_where',
    incremental_predicates='date_key = 20240101') }}
select id, date_key from {{ ref('a_table') }}""",
    "models/summed.sql": """{{ config(materialized='materialized_view', databricks_tags={'team': 'x'},
    partition_by='date_key', tblproperties={'made.by': 'dbt'}) }}
select date_key, sum(amount) as amount from {{ ref('a_table') }} group by date_key;""",
    "models/contracted.sql": """{{ config(materialized='table') }}
select id, name, amount from {{ ref('a_table') }}""",
    "models/_models.yml": """
models:
  - name: contracted
    description: "It's a contract with `backticks`"
    config: {contract: {enforced: true}}
    constraints: [{type: primary_key, columns: [id], name: contracted_pk, warn_unenforced: false}]
    columns:
      - {name: id, data_type: bigint, description: the id, constraints: [{type: not_null}], data_tests:
      [unique]}
      - {name: name, data_type: string}
      - {name: amount, data_type: "decimal(38,18)"}
  - name: a_view
    description: a view
  - name: summed
    description: "It's summed"
    columns: [{name: amount, description: "what's in it"}]
""",
    "models/by_python.py": """
def model(dbt, session):
    dbt.config(materialized="table", submission_method="serverless_cluster")
    return dbt.ref("a_table").selectExpr("id", "amount * 2 as twice")
""",
    "models/merged_by_python.py": """
def model(dbt, session):
    dbt.config(materialized="incremental", submission_method="serverless_cluster", unique_key="id",
        incremental_strategy="by_hash")
    dbt.ref("merged")
    merged = f"{dbt.this.database}.{dbt.this.schema}.merged"
    held = session.table(str(dbt.this)).count() if dbt.is_incremental else -1
    feed = session.read.option("readChangeFeed", "true").option("startingVersion", 0)
    return feed.table(merged).selectExpr("id", "name", f"{held} as held", "hash(name) as row_hash").distinct()
""",
    "macros/get_incremental_by_hash_sql.sql": """
{% macro get_incremental_by_hash_sql(arg_dict) %}
    merge into {{ arg_dict["target_relation"] }} as kept
    using {{ arg_dict["temp_relation"] }} as changed
    on kept.id <=> changed.id
    when matched and not kept.row_hash <=> changed.row_hash then update set *
    when not matched then insert *
{% endmacro %}
""",
    "models/broken.py": """
def model(dbt, session):
    dbt.config(materialized="table", submission_method="serverless_cluster", tags=["broken"])
    return {}["no such key"]
""",
    "models/endless.sql": """{{ config(materialized='table', tags=['endless']) }}
select sum(a.id * b.id) as x from range(1000000000) as a cross join range(1000000000) as b""",
    "models/endless_python.py": """
def model(dbt, session):
    dbt.config(materialized="table", submission_method="serverless_cluster", tags=["endless"])
    numbers = session.range(1000000000)
    return numbers.crossJoin(numbers.withColumnRenamed("id", "other")).selectExpr("sum(id * other) as x")
""",
    "snapshots/kept.yml": """
snapshots:
  - name: kept
    relation: ref('a_table')
    config: {unique_key: id, strategy: check, check_cols: [name, amount], schema: kept}
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dbt")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def environment(warehouse: Warehouse) -> dict[str, str]:
    return os.environ | {
        "LOCAL_WAREHOUSE_HOST": warehouse.host,
        "LOCAL_WAREHOUSE_HTTP_PATH": warehouse.http_path,
        "LOCAL_WAREHOUSE_TOKEN": warehouse.token,
        "NO_COLOR": "1",
    }


def dbt(warehouse: Warehouse, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), *arguments, "--profiles-dir", "."],
        cwd=project,
        env=environment(warehouse),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_project_builds_and_builds_again(warehouse: Warehouse, project: Path) -> None:
    for _ in range(2):
        built = dbt(warehouse, project, "build", "--exclude", "tag:broken", "tag:endless")
        assert built.returncode == 0, built.stdout
    tiny = "platform_observability.tiny"
    assert warehouse.rows(f"select name from {tiny}.merged where id = 2") == [('it\'s "q"; {{ x }} `y`',)]
    assert [float(row[0]) for row in warehouse.rows(f"select twice from {tiny}.by_python order by id")] == [
        3.0,
        5.0,
        6.0,
    ]
    described = json.loads(warehouse.rows(f"describe table extended {tiny}.summed as json")[0][0])
    assert (described["type"], described["comment"]) == ("MATERIALIZED_VIEW", "It's summed")
    assert described["columns"][1]["comment"] == "what's in it"
    operations = [row[4] for row in warehouse.rows(f"describe history {tiny}.summed")]
    # The second build refreshes it, since nothing about it has changed.
    assert operations == ["WRITE", "CREATE OR REPLACE TABLE AS SELECT"]
    # Of the three rows the second build reads again, none has another hash: none is written.
    assert warehouse.rows(f"select id, held from {tiny}.merged_by_python order by id") == [
        (1, -1),
        (2, -1),
        (3, -1),
    ]
    assert warehouse.rows("select count(*) from platform_observability.tiny_kept.kept") == [(3,)]
    document = json.loads(warehouse.rows(f"describe table extended {tiny}.contracted as json")[0][0])
    assert (
        document["comment"] == "It's a contract with `backticks`" and not document["columns"][0]["nullable"]
    )
    assert document["table_constraints"] == "[(contracted_pk,PRIMARY KEY (`id`))]"


def test_docs_list_types_columns_and_comments(warehouse: Warehouse, project: Path) -> None:
    generated = dbt(warehouse, project, "docs", "generate")
    assert generated.returncode == 0, generated.stdout
    nodes = json.loads((project / "target" / "catalog.json").read_text())["nodes"]
    contracted, view = nodes["model.tiny.contracted"], nodes["model.tiny.a_view"]
    assert contracted["metadata"]["comment"] == "It's a contract with `backticks`"
    assert contracted["columns"]["amount"]["type"] == "decimal(38,18)"
    assert nodes["model.tiny.summed"]["metadata"]["type"] == "materialized_view"
    assert view["metadata"]["type"] == "view" and list(view["columns"]) == ["id", "name", "amount"]


def test_a_failing_python_model_shows_its_traceback(warehouse: Warehouse, project: Path) -> None:
    failed = dbt(warehouse, project, "run", "--select", "broken")
    assert failed.returncode == 1
    assert "Traceback" in failed.stdout and 'return {}["no such key"]' in failed.stdout
    assert "KeyError: 'no such key'" in failed.stdout


@pytest.mark.parametrize("model", ["endless", "endless_python"])
def test_an_interrupted_dbt_stops_what_it_has_running(
    warehouse: Warehouse, project: Path, model: str
) -> None:
    client = WorkspaceClient(host=warehouse.host, token=warehouse.token)

    def under_way() -> list[str | None]:
        runs = [
            run.run_name
            for run in client.jobs.list_runs()
            if run.state is not None and run.state.life_cycle_state is RunLifeCycleState.RUNNING
        ]
        statements = client.query_history.list().res or []
        return runs + [of.query_text for of in statements if "cross join" in (of.query_text or "")]

    started = subprocess.Popen(
        [str(Path(sys.executable).with_name("dbt")), "run", "--select", model, "--profiles-dir", "."],
        cwd=project,
        env=environment(warehouse),
        stdout=subprocess.PIPE,
        text=True,
        # Tests that were started in the background ignore the signal, and so would dbt.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: len(under_way()) == 1)
    started.send_signal(signal.SIGINT)
    assert started.wait(120) != 0
    wait_until(lambda: under_way() == [])


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.2)
