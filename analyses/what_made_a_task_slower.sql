-- The task that became slower at the greatest cost of time: day by day, and what changed when.
with task as (

    select *
    from {{ ref("rpt_task_latency_regressions") }}
    order by extra_hours_since_change desc, workspace_id, job_id, task_key
    limit 1

),

final as (

    select
        task.workspace_name,
        task.job_name,
        task.task_key,
        task.owner,
        trends.task_date,
        trends.succeeded_attempts,
        trends.p50_duration_seconds,
        trends.p95_duration_seconds,
        task.baseline_p50_seconds,
        trends.task_date >= task.change_date as is_since_change,
        if(
            trends.task_date = task.change_date,
            coalesce(task.configuration_change, 'nothing that is recorded'),
            null
        ) as what_changed_just_before
    from task
    inner join {{ ref("rpt_task_latency_trends") }} as trends
        on
            task.workspace_id = trends.workspace_id
            and task.job_id = trends.job_id
            and task.task_key = trends.task_key

)

select * from final
order by task_date
