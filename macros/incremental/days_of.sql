{#- The date_keys that a query finds, as a list. -#}
{% macro days_of(sql) %}
    {%- set days = [] -%}
    {%- for row in run_query(sql).rows -%}
        {%- do days.append(row[0] | int if row[0] is not none else none) -%}
    {%- endfor -%}
    {{ return(days) }}
{% endmacro %}
