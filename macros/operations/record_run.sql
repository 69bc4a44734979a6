{#-
    On-run-end, one statement. Jinja catches no error, so nothing is attempted that may fail: before the first
    build of model_runs nothing is recorded, and only columns that the table has by now are written.
-#}
{% macro record_run(results) -%}
    {%- set model_runs = ref("model_runs") -%}
    {%- set target_table = load_relation(model_runs) if execute and flags.INTROSPECT else none -%}
    {%- set runs = [] -%}
    {%- for result in results if result.node and target_table -%}
        {%- do runs.append(run_of_node(result)) -%}
    {%- endfor -%}
    {%- if runs -%}
    {%- set there = actual_columns(target_table) -%}
    {%- set columns = runs[0] | select("in", there) | list -%}
    insert into {{ target_table }} (
        {{ columns | join(", ") }}
    ) values
    {%- for run in runs %}
    (
        {%- for column in columns %}
        {{ run[column] }}{{ "," if not loop.last }}
        {%- endfor %}
    ){{ "," if not loop.last }}
    {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{#- One result of dbt as SQL by column. Of a message the start is kept, where something went wrong. -#}
{% macro run_of_node(result) %}
    {%- set node = result.node -%}
    {%- set status = result.status | string -%}
    {%- set is_well = status in ["success", "pass", "skipped", "no-op"] -%}
    {%- set timing = result.timing | map(attribute="started_at") | select | list -%}
    {%- set materialized = node.config.get("materialized") -%}
    {%- set written = {"rows_written": none, "bytes_written": none} -%}
    {%- if var("record_written_bytes") and status == "success"
        and materialized in ["table", "incremental", "snapshot", "seed"] -%}
        {%- do written.update(written_by_run(api.Relation.create(
            database=node.database, schema=node.schema, identifier=node.alias
        ))) -%}
    {%- endif -%}
    {{ return({
        "invocation_id": sql_string(invocation_id),
        "command": sql_string(flags.WHICH),
        "target_name": sql_string(target.name),
        "warehouse_id": sql_string(warehouse_of(target.http_path)),
        "run_started_at": sql_timestamp(run_started_at),
        "node": sql_string(node.unique_id),
        "node_name": sql_string(node.name),
        "resource_type": sql_string(node.resource_type),
        "schema_name": sql_string(node.schema),
        "materialized": sql_string(materialized),
        "status": sql_string(status),
        "started_at": sql_timestamp(timing | min if timing else none),
        "seconds": "cast(" ~ result.execution_time ~ " as double)",
        "rows_written": sql_bigint(written.rows_written),
        "bytes_written": sql_bigint(written.bytes_written),
        "failures": sql_bigint(result.failures),
        "message": sql_string(none if is_well else (result.message | string)[:1000]),
        "recorded_at": "current_timestamp()",
    }) }}
{% endmacro %}


{#- The id of the SQL warehouse at a path such as /sql/1.0/warehouses/<id>; none where it is no warehouse. -#}
{% macro warehouse_of(http_path) %}
    {{ return((http_path or "").partition("/warehouses/")[2].split("?")[0] or none) }}
{% endmacro %}


{#- A datetime of dbt (UTC) as a literal; a typed NULL for none. -#}
{% macro sql_timestamp(value) -%}
    cast({{ sql_string(value.strftime("%Y-%m-%d %H:%M:%S.%f") ~ "Z" if value else none) }} as timestamp)
{%- endmacro %}


{#- A whole number as a literal; a typed NULL for none. -#}
{% macro sql_bigint(value) -%}
    cast({{ "null" if value is none else value | int }} as bigint)
{%- endmacro %}


{#- Rows and bytes that commits since the start of this run wrote, by what Delta's history says. -#}
{% macro written_by_run(relation) %}
    {%- set written = {"rows_written": 0, "bytes_written": 0} -%}
    {%- set row_metrics = [
        "numOutputRows", "numTargetRowsInserted", "numTargetRowsUpdated", "numTargetRowsDeleted",
    ] -%}
    {%- for commit in run_query("describe history " ~ relation ~ " limit 10").rows -%}
        {%- if commit["timestamp"] >= run_started_at -%}
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
