{#- The days of facts that a change of another table concerns. -#}
{% macro days_with_changes(facts, read, condition) %}
    {%- if read.mode != "changes" -%}
        {{ return(read.days) }}
    {%- endif -%}
    {{ return(days_of(
        "select distinct facts.date_key from " ~ facts ~ " as facts left semi join " ~ table_changes_of(read)
        ~ " as changes on " ~ condition
    )) }}
{% endmacro %}
