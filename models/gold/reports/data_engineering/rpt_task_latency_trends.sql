with report_window as (

    {{ report_window(["brz_lakeflow_job_task_run_timeline"]) }}

),

runs as (

    select runs.*
    from {{ ref("int_task_latencies") }} as runs
    inner join report_window
        on runs.date_key between report_window.first_date_key and report_window.last_date_key

),

by_task as (

    select
        workspace_id,
        job_id,
        task_key,
        percentile(duration_seconds, 0.5) as window_p50_duration_seconds,
        max(struct(task_start_time, workspace_key, entity_key)) as newest
    from runs
    group by workspace_id, job_id, task_key

),

by_day as (

    select
        workspace_id,
        job_id,
        task_key,
        date_key,
        task_date,
        count(*) as succeeded_attempts,
        percentile(duration_seconds, 0.5) as p50_duration_seconds,
        percentile(duration_seconds, 0.95) as p95_duration_seconds,
        max(duration_seconds) as max_duration_seconds
    from runs
    group by workspace_id, job_id, task_key, date_key, task_date

),

final as (

    select
        by_day.workspace_id,
        workspaces.workspace_name,
        by_day.job_id,
        entities.entity_name as job_name,
        entities.owner,
        by_day.task_key,
        by_day.date_key,
        by_day.task_date,
        by_day.succeeded_attempts,
        by_day.p50_duration_seconds,
        by_day.p95_duration_seconds,
        by_day.max_duration_seconds,
        by_task.window_p50_duration_seconds,
        try_divide(by_day.p50_duration_seconds, by_task.window_p50_duration_seconds) as p50_ratio
    from by_day
    inner join by_task
        on
            by_day.workspace_id <=> by_task.workspace_id
            and by_day.job_id <=> by_task.job_id
            and by_day.task_key <=> by_task.task_key
    inner join {{ ref("dim_workspace") }} as workspaces
        on by_task.newest.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on by_task.newest.entity_key = entities.entity_key

)

select * from final
