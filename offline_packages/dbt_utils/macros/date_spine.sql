{#
    A query with one row a period from the start to before the end, in a column date_<datepart>. A range
    without a period in it gives no row. It is compiled without a warehouse: dbt's own date macros, as the
    Hub's package uses them, ask the connection what it is capable of.
#}
{% macro date_spine(datepart, start_date, end_date) %}
    {%- set first = "date_trunc('" ~ datepart ~ "', " ~ start_date ~ ")" -%}
    {%- set last = "date_trunc('" ~ datepart ~ "', " ~ end_date ~ ")" -%}
    {%- set periods = "cast(timestampdiff(" ~ datepart ~ ", " ~ first ~ ", " ~ last ~ ") as int)" %}
    select timestampadd({{ datepart }}, period, {{ start_date }}) as date_{{ datepart }}
    -- Counted to one more than is wanted, for a sequence is never empty.
    from (select explode(sequence(0, greatest(0, {{ periods }}))) as period)
    where period < {{ periods }}
{% endmacro %}
