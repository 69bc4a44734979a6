{#-
    A variable that shapes every row is something that a model reads: its value stands for the identity of a
    table, and where it is another one now, everything is worked out anew.
-#}
{% macro read_variable(name) %}
    {%- set read = {
        "relation": none,
        "source": "var." ~ name,
        "kind": "version",
        "mode": "all",
        "to_version": none,
        "table_id": var(name) | string,
        "days": "all",
        "rows": 0,
        "moved": false,
    } -%}
    {%- if not can_query() -%}
        {{ return(read) }}
    {%- endif -%}
    {%- do read.update({"moved": true}) -%}
    {%- set committed = committed_offset(read.source) if is_merge() else none -%}
    {%- if committed is not none and committed.table_id == read.table_id -%}
        {%- do read.update({"mode": "none", "days": [], "moved": false}) -%}
    {%- elif is_merge() -%}
        {%- do log(
            model.name ~ " works everything out anew: the variable " ~ name ~ " is now " ~ read.table_id,
            info=true
        ) -%}
    {%- endif -%}
    {{ return(read) }}
{% endmacro %}
