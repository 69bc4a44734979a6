{#-
    A seed whose file has changed in any way is a table made anew, so its content stands for the table's
    identity: it is read whole where that has changed.
-#}
{% macro read_seed(relation, columns) %}
    {%- set read = {
        "relation": relation,
        "source": [relation.database, relation.schema, relation.identifier] | select | join("."),
        "kind": "version",
        "mode": "all",
        "to_version": none,
        "table_id": none,
        "days": "all",
        "rows": 0,
        "moved": false,
    } -%}
    {%- if not can_query() -%}
        {{ return(read) }}
    {%- endif -%}
    {%- set found = run_query(
        "select count(*), sha2(array_join(array_sort(collect_list(to_json(struct("
        ~ columns | join(", ") ~ ")))), '\\n'), 256) from " ~ relation
    ) -%}
    {%- do read.update({"table_id": found.rows[0][1], "rows": found.rows[0][0] | int, "moved": true}) -%}
    {%- set committed = committed_offset(read.source) if is_merge() else none -%}
    {%- if committed is not none and committed.table_id == read.table_id -%}
        {%- do read.update({"mode": "none", "days": [], "moved": false}) -%}
    {%- elif is_merge() -%}
        {%- do log(model.name ~ " resolves everything again: " ~ read.source ~ " has changed", info=true) -%}
    {%- endif -%}
    {{ return(read) }}
{% endmacro %}
