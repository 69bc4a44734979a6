{#-
    The days of several reads together. "all" wins over any list; the order is fixed, so that the same reads
    give the same SQL.
-#}
{% macro touched_days(lists) %}
    {%- set days = [] -%}
    {%- for list in lists -%}
        {%- if list is string -%}
            {{ return(list) }}
        {%- endif -%}
        {%- for day in list -%}
            {%- if day not in days -%}
                {%- do days.append(day) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set dated = days | reject("none") | sort -%}
    {{ return(dated + ([none] if none in days else [])) }}
{% endmacro %}
