{#-
    The days with facts whose version of a dimension is another one since the last build: see _macros.yml.
-#}
{% macro days_to_rekey(facts, dimension, same, time, attributes=none, from_that_day=true) %}
    {%- if dimension.mode != "changes" -%}
        {{ return(dimension.days) }}
    {%- endif -%}
    {#- Every fact has a member: those of a new key are new themselves. -#}
    {%- set periods = changed_periods(dimension, same.keys() | list, attributes, of_new_keys=false) -%}
    {#-
        Most changes concern the last days: a literal bound keeps the search for facts to their partitions.
        A fact may be dated the day before it starts, where its day is one of another time zone.
    -#}
    {%- set reach = run_query(
        "select count(*), count_if(period_start is null), min("
        ~ date_key("date_sub(period_start, 1)") ~ ") from ("
        ~ periods ~ ") as periods"
    ).rows[0] -%}
    {%- if not reach[0] -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set same_key = [] -%}
    {%- for column, expression in same.items() -%}
        {%- do same_key.append(expression ~ " <=> periods." ~ column) -%}
    {%- endfor -%}
    {{ return(days_of(
        "select distinct facts.date_key from " ~ facts ~ " as facts inner join (" ~ periods
        ~ ") as periods on "
        ~ same_key | join(" and ")
        ~ " and facts." ~ time ~ " >= coalesce(periods.period_start, timestamp'0001-01-01 00:00:00')"
        ~ " and facts." ~ time ~ " < coalesce(periods.period_end, timestamp'9999-12-31 00:00:00')"
        ~ (" where facts.date_key >= " ~ (reach[2] | int) if from_that_day and not reach[1] else "")
    )) }}
{% endmacro %}
