with report_window as (

    {{ report_window(["brz_lakeflow_job_run_timeline"]) }}

),

-- The strictest one, should several be active.
overdue_policy as (

    select
        min(limit_value) as p95_multiple,
        min(coalesce(minimum_value, 0)) as minimum_seconds
    from {{ ref("compute_policies") }}
    where rule = 'overdue_run' and is_active

),

-- Runs without a job are known by their name only.
runs as (

    select
        runs.*,
        -- Not every run of a job tells its type: that must not make two jobs of one.
        if({{ is_one_time("runs.run_type") }}, runs.run_type, 'JOB_RUN') as kind_of_run,
        if({{ is_one_time("runs.run_type") }}, null, runs.job_id) as listed_job_id,
        if({{ is_one_time("runs.run_type") }}, runs.run_name, null) as one_time_name,
        not runs.is_finished as is_open,
        cast(runs.last_period_end_time as date) >= report_window.last_day as was_seen_lately,
        -- As far as the source has told: its newest slice ends here.
        unix_timestamp(runs.last_period_end_time) - unix_timestamp(runs.run_start_time) as elapsed_seconds
    from {{ ref("fct_job_runs") }} as runs
    inner join report_window
        -- Open runs count however new or old they are.
        on
            coalesce(runs.end_date_key, report_window.last_date_key)
            between report_window.first_date_key and report_window.last_date_key

),

by_job as (

    select
        workspace_id,
        kind_of_run as run_type,
        listed_job_id as job_id,
        one_time_name as run_name,
        count_if(is_finished) as finished_runs,
        count_if(status_group = 'succeeded') as succeeded_runs,
        count_if(status_group = 'failed') as failed_runs,
        count_if(status_group = 'cancelled') as cancelled_runs,
        count_if(status_group = 'skipped') as skipped_runs,
        count_if(status_group = 'other') as other_runs,
        -- How long a run of it takes: the failed ones say little of that.
        percentile(duration_seconds, 0.5) filter (where is_success) as p50_duration_seconds,
        percentile(duration_seconds, 0.95) filter (where is_success) as p95_duration_seconds,
        max(duration_seconds) filter (where is_success) as max_duration_seconds,
        percentile(queue_duration_seconds, 0.5) filter (where is_finished) as p50_queue_seconds,
        percentile(queue_duration_seconds, 0.95) filter (where is_finished) as p95_queue_seconds,
        sum(repair_count) as repairs,
        sum(task_retry_count) as task_retries,
        count_if(is_open and was_seen_lately) as running_runs,
        count_if(is_open and not was_seen_lately) as silent_runs,
        max(elapsed_seconds) filter (where is_open and was_seen_lately) as longest_running_seconds,
        max_by(run_id, elapsed_seconds) filter (where is_open and was_seen_lately) as longest_running_run_id,
        array_sort(
            collect_list(elapsed_seconds) filter (where is_open and was_seen_lately)
        ) as running_seconds,
        max(run_start_time) as last_run_start_time,
        max(struct(run_start_time, workspace_key, entity_key)) as newest
    from runs
    group by workspace_id, kind_of_run, listed_job_id, one_time_name

),

judged as (

    select
        by_job.*,
        greatest(
            by_job.p95_duration_seconds * overdue_policy.p95_multiple, overdue_policy.minimum_seconds
        ) as overdue_after_seconds
    from by_job
    cross join overdue_policy

),

final as (

    select
        judged.workspace_id,
        workspaces.workspace_name,
        judged.run_type,
        judged.job_id,
        judged.run_name,
        coalesce(judged.run_name, entities.entity_name) as job_name,
        entities.owner,
        judged.finished_runs,
        judged.succeeded_runs,
        judged.failed_runs,
        judged.cancelled_runs,
        judged.skipped_runs,
        judged.other_runs,
        try_divide(
            judged.succeeded_runs, judged.finished_runs - judged.skipped_runs
        ) as success_rate,
        judged.p50_duration_seconds,
        judged.p95_duration_seconds,
        judged.max_duration_seconds,
        judged.p50_queue_seconds,
        judged.p95_queue_seconds,
        judged.repairs,
        judged.task_retries,
        judged.running_runs,
        judged.silent_runs,
        judged.longest_running_run_id,
        judged.longest_running_seconds,
        if(judged.p95_duration_seconds is null, null, judged.overdue_after_seconds) as overdue_after_seconds,
        if(
            judged.p95_duration_seconds is null,
            0,
            size(filter(judged.running_seconds, seconds -> seconds > judged.overdue_after_seconds))
        ) as overdue_runs,
        judged.last_run_start_time,
        report_window.first_day,
        report_window.last_day
    from judged
    inner join {{ ref("dim_workspace") }} as workspaces
        on judged.newest.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on judged.newest.entity_key = entities.entity_key
    cross join report_window

)

select * from final
