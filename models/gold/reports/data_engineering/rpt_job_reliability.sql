with report_window as (

    {{ report_window(["brz_lakeflow_job_run_timeline"]) }}

),

-- One-time runs are left out: each has a job of its own, and nothing before or after it.
runs as (

    select
        runs.*,
        runs.is_success and (runs.repair_count > 0 or runs.task_retry_count > 0) as is_rescued
    from {{ ref("fct_job_runs") }} as runs
    inner join report_window
        on runs.end_date_key between report_window.first_date_key and report_window.last_date_key
    where
        runs.is_finished
        and not {{ is_one_time("runs.run_type") }}

),

by_job as (

    select
        workspace_id,
        job_id,
        count(*) as finished_runs,
        count_if(is_success) as succeeded_runs,
        count_if(is_failure) as failed_runs,
        count_if(status_group = 'cancelled') as cancelled_runs,
        count_if(status_group = 'skipped') as skipped_runs,
        count_if(status_group = 'other') as other_runs,
        count_if(is_rescued) as rescued_runs,
        sum(repair_count) as repairs,
        sum(task_retry_count) as task_retries,
        max(struct(run_start_time, workspace_key, entity_key)) as newest
    from runs
    group by workspace_id, job_id

),

-- What a cancelled or skipped run would have become, nobody knows.
outcomes as (

    select
        workspace_id,
        job_id,
        entity_key,
        is_failure,
        run_start_time,
        run_end_time,
        row_number() over later as run_number,
        lag(is_failure, 1, false) over later as failed_before,
        lead(is_success, 1, false) over later as succeeds_next,
        lead(entity_key) over later as next_entity_key,
        min(case when is_success then run_end_time end) over (
            partition by workspace_id, job_id
            order by run_start_time, run_id
            rows between current row and unbounded following
        ) as next_success_time
    from runs
    where is_success or is_failure
    window later as (partition by workspace_id, job_id order by run_start_time, run_id)

),

failures as (

    select
        workspace_id,
        job_id,
        -- After a change of the job it is a repair that helped.
        count_if(is_failure and succeeds_next and next_entity_key = entity_key) as flaky_failures,
        count_if(is_failure and not failed_before) as failure_streaks,
        count_if(is_failure and next_success_time is null) as failures_since_last_success,
        max(run_end_time) filter (where is_failure) as last_failure_time,
        try_divide(
            unix_timestamp(max(run_start_time) filter (where is_failure))
            - unix_timestamp(min(run_start_time) filter (where is_failure)),
            3600D * (count_if(is_failure) - 1)
        ) as mean_hours_between_failures,
        try_divide(
            max(run_number) filter (where is_failure) - min(run_number) filter (where is_failure),
            count_if(is_failure) - 1
        ) as mean_runs_between_failures,
        -- Runs may overlap: one that began later and ended well before the failure leaves nothing to recover.
        avg(greatest(0, unix_timestamp(next_success_time) - unix_timestamp(run_end_time))) filter (
            where is_failure and not failed_before and next_success_time is not null
        ) / 3600 as mean_hours_to_recover
    from outcomes
    group by workspace_id, job_id

),

final as (

    select
        by_job.workspace_id,
        workspaces.workspace_name,
        by_job.job_id,
        entities.entity_name as job_name,
        entities.owner,
        by_job.finished_runs,
        by_job.succeeded_runs,
        by_job.failed_runs,
        by_job.cancelled_runs,
        by_job.skipped_runs,
        by_job.other_runs,
        try_divide(by_job.failed_runs, by_job.finished_runs - by_job.skipped_runs) as failure_rate,
        coalesce(failures.flaky_failures, 0) as flaky_failures,
        try_divide(failures.flaky_failures, by_job.failed_runs) as flaky_share,
        by_job.rescued_runs,
        by_job.repairs,
        by_job.task_retries,
        coalesce(failures.failure_streaks, 0) as failure_streaks,
        coalesce(failures.failures_since_last_success, 0) as failures_since_last_success,
        failures.mean_hours_between_failures,
        failures.mean_runs_between_failures,
        failures.mean_hours_to_recover,
        failures.last_failure_time,
        report_window.first_day,
        report_window.last_day
    from by_job
    left join failures
        on by_job.workspace_id <=> failures.workspace_id and by_job.job_id <=> failures.job_id
    inner join {{ ref("dim_workspace") }} as workspaces
        on by_job.newest.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on by_job.newest.entity_key = entities.entity_key
    cross join report_window

)

select * from final
