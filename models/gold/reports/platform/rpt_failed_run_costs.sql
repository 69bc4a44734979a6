with report_window as (

    {{ report_window(["brz_billing_usage", "brz_lakeflow_job_run_timeline"]) }}

),

ended_runs as (

    select
        runs.*,
        statuses.failure_cause,
        case
            when statuses.failure_cause = 'timeout' then 'timed_out'
            when runs.status_group in ('failed', 'cancelled') then runs.status_group
            when runs.status_group = 'skipped' then null
            when runs.repair_count > 0 then 'repaired'
            when runs.task_retry_count > 0 then 'retried'
        end as kind
    from {{ ref("fct_job_runs") }} as runs
    inner join report_window
        on runs.end_date_key between report_window.first_date_key and report_window.last_date_key
    inner join {{ ref("dim_run_status") }} as statuses
        on runs.run_status_key = statuses.run_status_key
    where runs.is_finished

),

runs as (

    select *
    from ended_runs
    where kind is not null

),

attempts as (

    select
        tasks.workspace_id,
        tasks.job_run_id,
        tasks.duration_seconds,
        tasks.task_start_time,
        statuses.failure_cause,
        tasks.attempt_number < max(tasks.attempt_number) over (
            partition by tasks.workspace_id, tasks.job_run_id, tasks.task_key
        ) as is_superseded
    from {{ ref("fct_task_runs") }} as tasks
    left semi join runs
        on tasks.workspace_id <=> runs.workspace_id and tasks.job_run_id = runs.run_id
    inner join {{ ref("dim_run_status") }} as statuses
        on tasks.run_status_key = statuses.run_status_key

),

-- Work that was done again: every attempt of a task but its last one.
repeated as (

    select
        workspace_id,
        job_run_id,
        try_divide(
            sum(case when is_superseded then duration_seconds end), sum(duration_seconds)
        ) as repeated_share,
        max_by(failure_cause, task_start_time) filter (where failure_cause is not null) as failure_cause
    from attempts
    group by workspace_id, job_run_id

),

-- Before any join: a run with several days, SKUs or clusters is one run.
costs as (

    select
        run_costs.workspace_id,
        run_costs.run_id,
        sum(run_costs.list_cost) as list_cost,
        count_if(run_costs.list_cost is null) > 0 as has_unpriced_usage
    from {{ ref("fct_run_costs") }} as run_costs
    left semi join runs
        on run_costs.workspace_id <=> runs.workspace_id and run_costs.run_id = runs.run_id
    group by run_costs.workspace_id, run_costs.run_id

),

costed as (

    select
        runs.*,
        costs.list_cost,
        case
            when costs.run_id is null and runs.run_type = 'WORKFLOW_RUN' then 'paid_by_parent'
            when costs.run_id is null then 'no_own_usage'
            when costs.list_cost is null then 'unpriced'
            when costs.has_unpriced_usage then 'partly_priced'
            else 'priced'
        end as cost_status,
        case
            when runs.kind in ('failed', 'timed_out', 'cancelled') then cast(1 as double)
            else repeated.repeated_share
        end as wasted_share,
        case
            when runs.kind = 'cancelled' then 'cancelled'
            when runs.kind in ('repaired', 'retried') then coalesce(repeated.failure_cause, 'unknown')
            else runs.failure_cause
        end as cause
    from runs
    left join costs
        on runs.workspace_id <=> costs.workspace_id and runs.run_id = costs.run_id
    left join repeated
        on runs.workspace_id <=> repeated.workspace_id and runs.run_id = repeated.job_run_id

),

final as (

    select
        costed.workspace_id,
        workspaces.workspace_name,
        costed.job_id,
        entities.entity_name as job_name,
        entities.owner,
        costed.run_id,
        costed.run_type,
        costed.run_name,
        costed.trigger_type,
        costed.run_start_time,
        costed.run_end_time,
        costed.end_date_key,
        costed.duration_seconds,
        costed.kind,
        costed.cause,
        costed.result_state,
        costed.termination_code,
        costed.repair_count,
        costed.task_retry_count,
        '{{ var("reporting_currency") }}' as currency_code,
        costed.list_cost,
        costed.wasted_share,
        -- Exact where all of it is wasted; a share by time is an estimate anyway.
        case
            when costed.wasted_share = 1 then costed.list_cost
            else cast(cast(costed.list_cost as double) * costed.wasted_share as decimal(38, 18))
        end as wasted_list_cost,
        costed.cost_status
    from costed
    inner join {{ ref("dim_workspace") }} as workspaces
        on costed.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on costed.entity_key = entities.entity_key

)

select * from final
