{#- A Delta table's identity and newest version. -#}
{% macro table_position(relation) %}
    {%- set history = run_query("describe history " ~ relation ~ " limit 1") -%}
    {%- set detail = run_query("describe detail " ~ relation) -%}
    {{ return({
        "version": history.rows[0]["version"] | int,
        "table_id": detail.rows[0]["id"],
    }) }}
{% endmacro %}
