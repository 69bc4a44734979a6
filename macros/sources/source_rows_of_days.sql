{#-
    The rows of some days, whatever their watermark, for a FROM clause: those that the model which loads the
    source is to have, no more. make_date folds to a literal, so files of other days are skipped.
-#}
{% macro source_rows_of_days(read, watermark, day, days, loader) -%}
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
        {%- set bound = committed_bound(loader, read.source) -%}
        {%- if bound %}
            and ({{ watermark }} >= cast(timestamp'{{ bound }}' as date) or {{ watermark }} is null)
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
