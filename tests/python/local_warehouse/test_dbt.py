"""dbt with dbt-databricks, unpatched, on a small project of every kind of node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
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
""",
    "models/by_python.py": """
def model(dbt, session):
    dbt.config(materialized="table", submission_method="serverless_cluster")
    return dbt.ref("a_table").selectExpr("id", "amount * 2 as twice")
""",
    "models/broken.py": """
def model(dbt, session):
    dbt.config(materialized="table", submission_method="serverless_cluster", tags=["broken"])
    return {}["no such key"]
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


def dbt(warehouse: Warehouse, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "LOCAL_WAREHOUSE_HOST": warehouse.host,
        "LOCAL_WAREHOUSE_HTTP_PATH": warehouse.http_path,
        "LOCAL_WAREHOUSE_TOKEN": warehouse.token,
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), *arguments, "--profiles-dir", "."],
        cwd=project,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_project_builds_and_builds_again(warehouse: Warehouse, project: Path) -> None:
    for _ in range(2):
        built = dbt(warehouse, project, "build", "--exclude", "tag:broken")
        assert built.returncode == 0, built.stdout
    tiny = "platform_observability.tiny"
    assert warehouse.rows(f"select name from {tiny}.merged where id = 2") == [('it\'s "q"; {{ x }} `y`',)]
    assert [float(row[0]) for row in warehouse.rows(f"select twice from {tiny}.by_python order by id")] == [
        3.0,
        5.0,
        6.0,
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
    assert view["metadata"]["type"] == "view" and list(view["columns"]) == ["id", "name", "amount"]


def test_a_failing_python_model_shows_its_traceback(warehouse: Warehouse, project: Path) -> None:
    failed = dbt(warehouse, project, "run", "--select", "broken")
    assert failed.returncode == 1
    assert "Traceback" in failed.stdout and 'return {}["no such key"]' in failed.stdout
    assert "KeyError: 'no such key'" in failed.stdout
