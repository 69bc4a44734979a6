with thresholds as (

    select *
    from {{ ref("alert_thresholds") }}
    where is_active and alert_type = 'failed_run'

),

report_window as (

    {{ report_window(["brz_lakeflow_job_run_timeline"]) }}

),

-- Today counts, too: an alert does not wait for the day to be complete. One-time runs are not tried again.
runs as (

    select
        runs.*,
        report_window.last_day
    from {{ ref("fct_job_runs") }} as runs
    inner join report_window
        on runs.date_key >= report_window.first_date_key
    where
        runs.is_finished
        and runs.job_id is not null
        and not {{ is_one_time("runs.run_type") }}

),

-- Cancelled and skipped runs neither fail nor prove that the job works again.
ranked as (

    select
        runs.*,
        max(if(is_success, run_end_time, null)) over (
            partition by workspace_id, job_id
        ) as last_success_time
    from runs

),

failures as (

    select *
    from ranked
    where
        is_failure
        and (last_success_time is null or run_end_time > last_success_time)

),

costs as (

    select
        workspace_id,
        run_id,
        sum(list_cost) as list_cost
    from {{ ref("fct_run_costs") }} as costs
    inner join report_window
        on costs.date_key >= report_window.first_date_key
    group by workspace_id, run_id

),

failing as (

    select
        failures.workspace_id,
        failures.job_id,
        failures.last_success_time,
        failures.last_day,
        count(*) as failed_runs,
        cast(sum(costs.list_cost) as decimal(38, 18)) as list_cost,
        min(failures.run_end_time) as first_failure_time,
        max(struct(
            failures.run_end_time,
            failures.run_id,
            failures.result_state,
            failures.termination_code,
            failures.entity_key
        )) as newest
    from failures
    left join costs
        on failures.workspace_id <=> costs.workspace_id and failures.run_id = costs.run_id
    group by failures.workspace_id, failures.job_id, failures.last_success_time, failures.last_day

),

-- A job that is gone will not run again: its newest version says so, and not that of its last run.
deleted as (

    {{ deleted_entities("JOB") }}

),

final as (

    select
        thresholds.threshold_id,
        thresholds.severity,
        thresholds.owner as alert_owner,
        'JOB' as subject_type,
        failing.workspace_id,
        failing.job_id as subject_id,
        entities.entity_name as subject_name,
        entities.owner as subject_owner,
        concat(
            'failed runs: ', failing.failed_runs, ', no success since ',
            coalesce(cast(failing.last_success_time as string), 'the window began'),
            '; newest: run ', failing.newest.run_id, ', ', failing.newest.result_state,
            coalesce(concat(', ', failing.newest.termination_code), '')
        ) as evidence,
        cast(failing.failed_runs as double) as observed_value,
        thresholds.limit_value,
        failing.list_cost as money_at_stake,
        failing.first_failure_time as first_seen_at,
        failing.newest.run_end_time as last_seen_at
    from failing
    inner join {{ ref("dim_entity") }} as entities
        on failing.newest.entity_key = entities.entity_key
    left anti join deleted
        on failing.workspace_id <=> deleted.workspace_id and failing.job_id = deleted.entity_id
    inner join thresholds
        on failing.failed_runs >= thresholds.limit_value
    where
        cast(failing.newest.run_end_time as date) > date_sub(failing.last_day, thresholds.window_days)
    -- One alert a job: that of the highest limit.
    qualify row_number() over (
        partition by failing.workspace_id, failing.job_id
        order by thresholds.limit_value desc, thresholds.threshold_id
    ) = 1

)

select * from final
