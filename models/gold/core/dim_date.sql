{{ config(
    incremental_strategy="merge_changes",
    unique_key="date_key",
) }}
{%- set usage = read_changes(ref("slv_usage")) %}
{%- set first_day = var("first_calendar_year") ~ "-01-01" %}
{%- set last_day = var("last_calendar_year") ~ "-12-31" %}
{{ record_reads([usage], [] if usage.mode == "none" else "whole") }}

with calendar as (

    {%- if not is_merge() %}
    select explode(sequence(date'{{ first_day }}', date'{{ last_day }}')) as date
    union
    {%- endif %}
    -- Days outside the calendar on which there is usage: no fact loses its day.
    select usage_date as date
    from {{ table_changes_of(usage) if usage.mode == "changes" else as_read(usage) }}
    where
        usage_date not between date'{{ first_day }}' and date'{{ last_day }}'

),

final as (

    select
        {{ date_key("date") }} as date_key,
        date,
        year(date) as year,
        quarter(date) as quarter,
        month(date) as month,
        day(date) as day,
        weekday(date) + 1 as day_of_week,
        weekofyear(date) as iso_week,
        weekday(date) >= 5 as is_weekend,
        cast(date_trunc('month', date) as date) as month_start_date,
        'calendar' as row_hash
    from calendar

)

select * from final
