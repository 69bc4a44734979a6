{#-
    The complete days that a report looks back on, as one row: see _macros.yml. Where several sources feed a
    report, a day counts only once it is complete in all of them.
-#}
{% macro report_window(tasks=["brz_billing_usage"], days=none) -%}
    {%- set days = (days or var("report_window_days")) | int -%}
    select
        date_sub(complete_through, {{ days - 1 }}) as first_day,
        complete_through as last_day,
        {{ date_key("date_sub(complete_through, " ~ (days - 1) ~ ")") }} as first_date_key,
        {{ date_key("complete_through") }} as last_date_key,
        {{ date_key("date_sub(complete_through, " ~ (2 * days - 1) ~ ")") }} as previous_first_date_key
    from (
        select min(complete_through) as complete_through
        from {{ ref("source_progress") }}
        where task in ('{{ tasks | join("', '") }}')
    ) as progress
    where complete_through is not null
{%- endmacro %}
