{#-
    On-run-end. Jinja catches no error, so nothing is attempted that may fail for the want of a table: before
    the first build of model_runs, nothing is recorded.
-#}
{% macro record_run(results) -%}
    {%- set model_runs = ref("model_runs") -%}
    {%- set target_table = load_relation(model_runs) if execute and flags.INTROSPECT else none -%}
    {%- set runs = [] -%}
    {%- for result in results if result.node and target_table -%}
        {%- do runs.append(run_of_node(result)) -%}
    {%- endfor -%}
    {%- if runs -%}
    insert into {{ target_table }} (
        invocation_id, command, node, node_name, resource_type, status, started_at, seconds, rows_written,
        bytes_written, failures, message, recorded_at
    ) values
    {%- for run in runs %}
    (
        {{ sql_string(invocation_id) }},
        {{ sql_string(flags.WHICH) }},
        {{ sql_string(run.node) }},
        {{ sql_string(run.node_name) }},
        {{ sql_string(run.resource_type) }},
        {{ sql_string(run.status) }},
        cast({{ sql_string(run.started_at) }} as timestamp),
        cast({{ run.seconds }} as double),
        cast({{ "null" if run.rows_written is none else run.rows_written }} as bigint),
        cast({{ "null" if run.bytes_written is none else run.bytes_written }} as bigint),
        cast({{ "null" if run.failures is none else run.failures }} as bigint),
        {{ sql_string(run.message) }},
        current_timestamp()
    ){{ "," if not loop.last }}
    {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{#- One result of dbt as a row. The message is kept only where something went wrong, and not all of it. -#}
{% macro run_of_node(result) %}
    {%- set node = result.node -%}
    {%- set status = result.status | string -%}
    {%- set timing = result.timing | map(attribute="started_at") | select | list -%}
    {%- set run = {
        "node": node.unique_id,
        "node_name": node.name,
        "resource_type": node.resource_type | string,
        "status": status,
        "started_at": (timing | min).strftime("%Y-%m-%d %H:%M:%S.%f") if timing else none,
        "seconds": result.execution_time,
        "rows_written": none,
        "bytes_written": none,
        "failures": result.failures,
        "message": (result.message | string)[:1000] if status not in ["success", "pass", "skipped"] else none,
    } -%}
    {%- set is_table = node.config.get("materialized") in ["table", "incremental", "snapshot", "seed"] -%}
    {%- if var("record_written_bytes") and status == "success" and is_table -%}
        {%- do run.update(written_by_run(api.Relation.create(
            database=node.database, schema=node.schema, identifier=node.alias
        ))) -%}
    {%- endif -%}
    {{ return(run) }}
{% endmacro %}


{#- Rows and bytes that commits since the start of this run wrote, by what Delta's history says. -#}
{% macro written_by_run(relation) %}
    {%- set written = {"rows_written": 0, "bytes_written": 0} -%}
    {%- set row_metrics = [
        "numOutputRows", "numTargetRowsInserted", "numTargetRowsUpdated", "numTargetRowsDeleted",
    ] -%}
    {%- for commit in run_query("describe history " ~ relation ~ " limit 10").rows -%}
        {%- if commit["timestamp"] | string >= run_started_at.strftime("%Y-%m-%d %H:%M:%S") -%}
            {%- set metrics = commit["operationMetrics"] | string -%}
            {#- The output rows of a merge have those in them that it only copied. -#}
            {%- set counted = row_metrics[1:] if commit["operation"] == "MERGE" else row_metrics[:1] -%}
            {%- for name, number in modules.re.findall("(num[A-Za-z]+)\\W+([0-9]+)", metrics) -%}
                {%- if name in counted -%}
                    {%- do written.update({"rows_written": written.rows_written + number | int}) -%}
                {%- elif name in ["numOutputBytes", "numTargetBytesAdded"] -%}
                    {%- do written.update({"bytes_written": written.bytes_written + number | int}) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(written) }}
{% endmacro %}
