"""What a Python model finds: names, change feeds, old versions, parameters, the catalog."""

from __future__ import annotations

import ast
import base64
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import NotebookTask, RunOutput, SubmitTask
from databricks.sdk.service.workspace import ImportFormat, Language
from serving_warehouse import Run, Warehouse

pytestmark = pytest.mark.warehouse

Notebook = Callable[[str], object]
"""Runs a notebook, whose last line tells a value by `tell(value)`, and returns that value."""

_TELL = """
def tell(value):
    spark.createDataFrame([(repr(value),)], "told string").write.mode("overwrite").saveAsTable("{table}")
"""


def output_of(warehouse: Warehouse, source: str) -> RunOutput:
    client = WorkspaceClient(host=warehouse.host, token=warehouse.token)
    client.workspace.import_(
        "/notebook",
        content=base64.b64encode(source.encode()).decode(),
        language=Language.PYTHON,
        format=ImportFormat.SOURCE,
        overwrite=True,
    )
    task = SubmitTask(task_key="inner", notebook_task=NotebookTask(notebook_path="/notebook"))
    submitted: Any = client.jobs.submit(run_name="test", tasks=[task])
    return client.jobs.get_run_output(int(submitted.response.as_dict()["run_id"]))


@pytest.fixture
def notebook(warehouse: Warehouse, schema: str) -> Notebook:
    def run(source: str) -> object:
        told = _TELL.format(table=f"{schema}.told")
        output = output_of(warehouse, f"name = {f'{schema}.t'!r}\n{told}\n{textwrap.dedent(source)}")
        assert not output.error_trace, output.error_trace
        value: object = ast.literal_eval(warehouse.rows(f"select told from {schema}.told")[0][0])
        return value

    return run


@pytest.fixture
def changed(run: Run) -> None:
    """A table `t` with two commits that a change feed tells."""
    run("create table t (id bigint) tblproperties ('delta.enableChangeDataFeed' = 'true')")
    run("insert into t values (1)")
    run("insert into t values (2)")


@pytest.mark.usefixtures("changed")
def test_change_feeds_and_old_versions_are_read_by_names_of_three_parts(notebook: Notebook) -> None:
    assert notebook(
        """
        def feed(reader, first, last):
            options = {"readChangeFeed": "true", "startingVersion": first, "endingVersion": last}
            rows = reader.options(**options).table(name).orderBy("id").collect()
            return [(row.id, row._change_type, row._commit_version) for row in rows]

        tell([
            feed(spark.read, 2, 2),
            feed(spark.read.format("delta"), 1, 2),
            [row.id for row in spark.read.option("versionAsOf", 1).table(name).collect()],
            spark.sql(f"select count(*) from table_changes('{name}', 1, 2)").collect()[0][0],
            spark.sql(f"select count(*) from {name} version as of 1").collect()[0][0],
        ])
        """
    ) == [[(2, "insert", 2)], [(1, "insert", 1), (2, "insert", 2)], [1], 2, 1]


@pytest.mark.usefixtures("changed")
def test_every_way_to_write_takes_names_of_three_parts(notebook: Notebook, run: Run) -> None:
    assert notebook(
        """
            from pyspark.sql import functions as F

            copy = name + "_copy"
            spark.table(name).writeTo(copy).createOrReplace()
            spark.range(3, 4).writeTo(copy).append()
            spark.range(4, 5).write.insertInto(copy)
            changes = spark.range(4, 6).alias("changes")
            changes.mergeInto(copy, F.expr("changes.id = t_copy.id")).whenNotMatched().insertAll().merge()
            tell(sorted(row.id for row in spark.table(copy).collect()))
            """
    ) == [1, 2, 3, 4, 5]
    assert run("select count(*) from t_copy") == [(5,)]


@pytest.mark.usefixtures("changed")
def test_the_catalog_is_the_users(notebook: Notebook, schema: str) -> None:
    catalog, short = schema.split(".")
    assert notebook(
        f"""
        spark.range(1).createOrReplaceTempView("mine")
        spark.catalog.setCurrentCatalog("{catalog}")
        spark.catalog.setCurrentDatabase("{short}")
        table = spark.catalog.getTable(name)
        try:
            spark.catalog.dropTable("t")
            refused = ""
        except Exception as error:
            refused = str(error)
        tell([
            [spark.catalog.tableExists(of) for of in (name, "{short}.t", "t", "mine", name + "x")],
            spark.catalog.tableExists("t", "{short}"),
            [spark.catalog.databaseExists(of) for of in ("{schema}", "{short}", "{schema}x")],
            (spark.catalog.currentCatalog(), spark.catalog.currentDatabase()),
            (table.catalog, table.namespace, table.name),
            "use spark.sql" in refused,
        ])
        """
    ) == [
        [True, True, True, True, False],
        True,
        [True, True, False],
        (catalog, short),
        (catalog, [short], "t"),
        True,
    ]


@pytest.mark.usefixtures("changed")
def test_parameters_frames_and_threads(notebook: Notebook) -> None:
    assert notebook(
        """
        from concurrent.futures import ThreadPoolExecutor

        query = f"select id from {name} where id = "
        joined = "select count(*) from {frame} join " + name + " using (id)"
        with ThreadPoolExecutor(2) as pool:
            counts = list(pool.map(lambda _: spark.table(name).count(), range(2)))
        tell([
            spark.sql(query + ":x", args={"x": 1}).collect()[0][0],
            spark.sql(query + "?", args=[2]).collect()[0][0],
            spark.sql(joined, frame=spark.range(2)).collect()[0][0],
            counts,
        ])
        """
    ) == [1, 2, 1, [2, 2]]


def test_a_failure_is_told_with_the_lines_of_the_notebook_and_the_users_names(warehouse: Warehouse) -> None:
    output = output_of(warehouse, "x = 1\ndef model():\n    return {}['nothing']\nmodel()\n")
    assert output.error == "KeyError: 'nothing'"
    assert (
        output.error_trace is not None and "line 3, in model\n    return {}['nothing']" in output.error_trace
    )
    output = output_of(warehouse, "spark.table('platform_observability.none.such')")
    assert output.error is not None and "[TABLE_OR_VIEW_NOT_FOUND]" in output.error
    assert "platform_observability__none" not in output.error


def test_closing_a_connection_frees_its_views(warehouse: Warehouse, notebook: Notebook) -> None:
    """A notebook runs in the warehouse's own process, and so can look into the sessions of others."""
    look = """
        import builtins, time

        def views(session):
            return session._jsparkSession.sessionState().catalog().listLocalTempViews("only_here").size()

        """
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create temporary view only_here as select 1 as x")
        found = notebook(
            f"""{look}
        sessions = [found.spark for found in spark.client_session.engine.sessions()]
        builtins.kept = [session for session in sessions if views(session)]
        tell([views(session) for session in builtins.kept])
        """
        )
        assert found == [1]
    assert (
        notebook(
            f"""{look}
        (session,) = builtins.kept
        del builtins.kept
        deadline = time.monotonic() + 30
        while views(session) and time.monotonic() < deadline:
            time.sleep(0.05)
        tell(views(session))
        """
        )
        == 0
    )
