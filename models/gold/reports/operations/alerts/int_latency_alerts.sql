with thresholds as (

    select *
    from {{ ref("alert_thresholds") }}
    where is_active and alert_type = 'latency_regression'

),

regressions as (

    select *
    from {{ ref("rpt_task_latency_regressions") }}

),

deleted as (

    {{ deleted_entities("JOB") }}

),

final as (

    select
        thresholds.threshold_id,
        thresholds.severity,
        regressions.threshold_owner as alert_owner,
        'TASK' as subject_type,
        regressions.workspace_id,
        concat(coalesce(regressions.job_id, ''), '/', regressions.task_key) as subject_id,
        concat(regressions.job_name, ' / ', regressions.task_key) as subject_name,
        regressions.owner as subject_owner,
        concat(
            'median ', format_number(regressions.recent_p50_seconds, 0), ' s instead of ',
            format_number(regressions.baseline_p50_seconds, 0), ' s since ', regressions.change_date,
            coalesce(concat('; changed before: ', nullif(regressions.configuration_change, '')), '')
        ) as evidence,
        regressions.slowdown_ratio as observed_value,
        cast(null as double) as limit_value,
        regressions.job_list_cost_since_change as money_at_stake,
        regressions.slower_since as first_seen_at,
        cast(regressions.last_day as timestamp) as last_seen_at
    from regressions
    inner join thresholds
        on regressions.severity = thresholds.applies_to
    left anti join deleted
        on regressions.workspace_id <=> deleted.workspace_id and regressions.job_id = deleted.entity_id

)

select * from final
