{#-
    The rows of some days, whatever their watermark, for a FROM clause: what the project has been told to
    load (var first_load_from), no more. make_date folds to a literal, so files of other days are skipped.
-#}
{% macro source_rows_of_days(read, watermark, day, days) -%}
    {%- if read.actual is not none and not read.actual -%}
        (select 1 as nothing) where false
    {%- else -%}
        {{ read.relation }} where
        {%- if days is string %}
            true
        {%- elif days | reject("none") | list %}
            ({{ day }} in (
                {%- for key in days | reject("none") -%}
                make_date({{ key // 10000 }}, {{ key // 100 % 100 }}, {{ key % 100 }})
                {{- ", " if not loop.last }}
                {%- endfor -%}
            ){{ " or " ~ day ~ " is null" if none in days }})
        {%- else %}
            {{ day ~ " is null" if days else "false" }}
        {%- endif -%}
        {%- if var("first_load_from") %}
            and ({{ watermark }} >= date'{{ checked_date("first_load_from") }}' or {{ watermark }} is null)
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
