{#-
    A literal predicate over date_key, so that Spark and Databricks alike prune partitions by it, in a MERGE
    too.
-#}
{% macro in_days(days, column="date_key") -%}
    {%- if days is string -%}
        true
    {%- elif not days -%}
        false
    {%- else -%}
        {%- set dated = days | reject("none") | list -%}
        {%- set parts = [] -%}
        {%- if dated -%}
            {%- do parts.append(column ~ " in (" ~ dated | join(", ") ~ ")") -%}
        {%- endif -%}
        {%- if none in days -%}
            {%- do parts.append(column ~ " is null") -%}
        {%- endif -%}
        ({{ parts | join(" or ") }})
    {%- endif -%}
{%- endmacro %}
