with thresholds as (

    select *
    from {{ ref("alert_thresholds") }}
    where is_active and alert_type = 'failure_rate'

),

report_window as (

    {{ report_window(["brz_lakeflow_job_run_timeline"]) }}

),

runs as (

    select
        runs.*,
        cast(runs.run_end_time as date) as end_date,
        report_window.last_day
    from {{ ref("fct_job_runs") }} as runs
    inner join report_window
        on runs.end_date_key between report_window.first_date_key and report_window.last_date_key
    where
        runs.job_id is not null
        and not {{ is_one_time("runs.run_type") }}
        and runs.status_group <> 'skipped'

),

costs as (

    select
        workspace_id,
        run_id,
        sum(list_cost) as list_cost
    from {{ ref("fct_run_costs") }} as costs
    -- A run that ends in the window may have started before it.
    inner join report_window
        on costs.date_key >= {{ date_key("date_sub(report_window.first_day, 7)") }}
    group by workspace_id, run_id

),

rates as (

    select
        thresholds.threshold_id,
        thresholds.severity,
        thresholds.owner as alert_owner,
        thresholds.limit_value,
        thresholds.minimum_value,
        thresholds.window_days,
        runs.workspace_id,
        runs.job_id,
        count(*) as finished_runs,
        count_if(runs.is_failure) as failed_runs,
        cast(sum(costs.list_cost) filter (where runs.is_failure) as decimal(38, 18)) as list_cost,
        min(runs.run_end_time) filter (where runs.is_failure) as first_failure_time,
        max(runs.run_end_time) filter (where runs.is_failure) as last_failure_time,
        max(struct(runs.run_start_time, runs.entity_key)) as newest
    from runs
    inner join thresholds
        on runs.end_date > date_sub(runs.last_day, thresholds.window_days)
    left join costs
        on runs.workspace_id <=> costs.workspace_id and runs.run_id = costs.run_id
    group by
        thresholds.threshold_id, thresholds.severity, thresholds.owner, thresholds.limit_value,
        thresholds.minimum_value, thresholds.window_days, runs.workspace_id, runs.job_id

),

-- A job that is gone will not run again: its newest version says so, and not that of its last run.
deleted as (

    {{ deleted_entities("JOB") }}

),

final as (

    select
        rates.threshold_id,
        rates.severity,
        rates.alert_owner,
        'JOB' as subject_type,
        rates.workspace_id,
        rates.job_id as subject_id,
        entities.entity_name as subject_name,
        entities.owner as subject_owner,
        concat(
            rates.failed_runs, ' of ', rates.finished_runs, ' runs of the last ', rates.window_days,
            ' complete days failed'
        ) as evidence,
        try_divide(rates.failed_runs, rates.finished_runs) as observed_value,
        rates.limit_value,
        rates.list_cost as money_at_stake,
        rates.first_failure_time as first_seen_at,
        rates.last_failure_time as last_seen_at
    from rates
    inner join {{ ref("dim_entity") }} as entities
        on rates.newest.entity_key = entities.entity_key
    left anti join deleted
        on rates.workspace_id <=> deleted.workspace_id and rates.job_id = deleted.entity_id
    where
        rates.finished_runs >= coalesce(rates.minimum_value, 1)
        and try_divide(rates.failed_runs, rates.finished_runs) > rates.limit_value

)

select * from final
