-- Only how long a task takes when it works: an attempt that fails is often over at once, or hangs.
with progress as (

    select
        complete_through as last_day,
        {{ date_key("complete_through") }} as last_date_key
    from {{ ref("source_progress") }}
    where task = 'brz_lakeflow_job_task_run_timeline'

),

one_time_runs as (

    select
        workspace_id,
        run_id
    from {{ ref("fct_job_runs") }}
    where {{ is_one_time("run_type") }}

),

final as (

    select
        tasks.task_run_key,
        tasks.workspace_id,
        tasks.job_id,
        tasks.task_key,
        tasks.job_run_id,
        tasks.run_id,
        tasks.date_key,
        cast(tasks.task_start_time as date) as task_date,
        tasks.task_start_time,
        tasks.duration_seconds,
        tasks.cluster_ids,
        tasks.workspace_key,
        tasks.entity_key,
        progress.last_day
    from {{ ref("fct_task_runs") }} as tasks
    inner join progress
        on tasks.date_key <= progress.last_date_key
    -- They have no history to compare with: each has a job of its own.
    left anti join one_time_runs
        on tasks.workspace_id <=> one_time_runs.workspace_id and tasks.job_run_id = one_time_runs.run_id
    where tasks.is_success

)

select * from final
