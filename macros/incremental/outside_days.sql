{#- The complement of in_days, rows without a day included where they are not among the days. -#}
{% macro outside_days(days, column="date_key") -%}
    {%- if days is string -%}
        false
    {%- elif not days -%}
        true
    {%- else -%}
        {%- set dated = days | reject("none") | list -%}
        {%- set parts = [] -%}
        {%- if dated -%}
            {%- do parts.append(column ~ " not in (" ~ dated | join(", ") ~ ")") -%}
        {%- endif -%}
        {%- if none in days -%}
            {%- do parts.append(column ~ " is not null") -%}
            ({{ parts | join(" and ") }})
        {%- else -%}
            ({{ parts | join(" and ") }} or {{ column }} is null)
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
