with expectations as (

    select *
    from {{ ref("source_expectations") }}

),

progress as (

    select
        task,
        newest_watermark,
        complete_through
    from {{ ref("source_progress") }}

),

-- Tables that carry no time are known to be there by their first reading.
readings as (

    select
        task,
        min(committed_at) as first_read_at,
        max(committed_at) as last_progress_at
    from {{ ref("processing_state") }}
    where offset_kind = 'timestamp'
    group by task

),

aged as (

    select
        expectations.*,
        progress.newest_watermark,
        progress.complete_through,
        readings.first_read_at,
        readings.last_progress_at,
        {{ present_time() }} as looked_at,
        (unix_timestamp({{ present_time() }}) - unix_timestamp(progress.newest_watermark)) / 3600 as age_hours
    from expectations
    left join progress
        on expectations.task = progress.task
    left join readings
        on expectations.task = readings.task

),

final as (

    select
        source,
        task,
        newest_watermark,
        complete_through,
        age_hours,
        warn_after_hours,
        error_after_hours,
        case
            when first_read_at is null then 'missing'
            when coalesce(warn_after_hours, error_after_hours) is null then 'no_expectation'
            when newest_watermark is null then 'stale'
            when age_hours > least(warn_after_hours, error_after_hours) then 'stale'
            else 'fresh'
        end as freshness_status,
        case
            when first_read_at is null and is_required then severity
            when coalesce(warn_after_hours, error_after_hours) is null or first_read_at is null then null
            when newest_watermark is null or age_hours > error_after_hours then severity
            when age_hours > warn_after_hours then 'warn'
        end as severity,
        is_required,
        owner,
        description,
        first_read_at,
        last_progress_at,
        looked_at
    from aged

)

select * from final
