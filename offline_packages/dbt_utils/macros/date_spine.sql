{#
    A query with one row a period from the start to before the end, in a column date_<datepart>. It asks
    the warehouse nothing while it compiles. A range without a period in it gives no row.
#}
{% macro date_spine(datepart, start_date, end_date) %}
    {%- set periods = "cast(" ~ dbt.datediff(start_date, end_date, datepart) ~ " as int)" %}
    select {{ dbt.dateadd(datepart, "period", start_date) }} as date_{{ datepart }}
    -- Counted to one more than is wanted, for a sequence is never empty.
    from (select explode(sequence(0, greatest(0, {{ periods }}))) as period)
    where period < {{ periods }}
{% endmacro %}
