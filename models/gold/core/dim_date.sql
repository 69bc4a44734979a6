{{ config(
    incremental_strategy="merge_changes",
    unique_key="date_key",
) }}
{%- set usage = read_changes(ref("brz_billing_usage")) %}
{%- set job_runs = read_changes(ref("slv_job_runs")) %}
{%- set task_runs = read_changes(ref("slv_task_runs")) %}
{%- set reads = [usage, job_runs, task_runs] %}
{%- set first_day = var("first_calendar_year") ~ "-01-01" %}
{%- set last_day = var("last_calendar_year") ~ "-12-31" %}
{#- Few and cheap to find by their partitions, so they are always worked out whole. -#}
{{ record_reads(reads, [] if members_touched(reads) == [] else "all") }}

with calendar as (

    select explode(sequence(date'{{ first_day }}', date'{{ last_day }}')) as date

),

-- Days of facts outside the calendar: none loses its day, nor does usage that is in the quarantine.
days_of_facts as (

    select date_key
    from {{ as_read(usage) }}
    union
    select date_key
    from {{ as_read(job_runs) }}
    union
    select {{ date_key("run_end_time") }} as date_key
    from {{ as_read(job_runs) }}
    where run_end_time < timestamp'{{ first_day }}' or run_end_time >= timestamp'{{ last_day }}'
    union
    select date_key
    from {{ as_read(task_runs) }}

),

days as (

    select date
    from calendar
    union
    select make_date(date_key div 10000, date_key div 100 % 100, date_key % 100) as date
    from days_of_facts
    where date_key not between {{ first_day | replace("-", "") }} and {{ last_day | replace("-", "") }}

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
    from days

)

select * from final
