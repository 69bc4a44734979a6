{{ config(materialized=var("heavy_reports_materialized")) }}
with slower as (

    select *
    from {{ ref("int_task_latency_tests") }}
    where verdict = 'slower'

),

runs as (

    select *
    from {{ ref("int_runs_around_slowdowns") }}

),

-- A run of the job in which the task ran several times has its cost once.
job_runs_since as (

    select distinct
        workspace_id,
        job_id,
        task_key,
        job_run_id
    from runs
    where is_since_change

),

costs as (

    select
        job_runs_since.workspace_id,
        job_runs_since.job_id,
        job_runs_since.task_key,
        cast(sum(run_costs.list_cost) as decimal(38, 18)) as list_cost
    from job_runs_since
    inner join {{ ref("fct_run_costs") }} as run_costs
        on
            job_runs_since.workspace_id <=> run_costs.workspace_id
            and job_runs_since.job_run_id = run_costs.run_id
    group by job_runs_since.workspace_id, job_runs_since.job_id, job_runs_since.task_key

),

by_task as (

    select
        workspace_id,
        job_id,
        task_key,
        count_if(is_since_change) as runs_since_change,
        sum(case when is_since_change then duration_seconds end) as seconds_since_change,
        max_by(configuration_changes, task_start_time) filter (
            where may_be_cause and size(configuration_changes) > 0
        ) as changes
    from runs
    group by workspace_id, job_id, task_key

),

final as (

    select
        slower.workspace_id,
        workspaces.workspace_name,
        slower.job_id,
        entities.entity_name as job_name,
        entities.owner,
        slower.task_key,
        slower.severity,
        slower.baseline_runs,
        slower.recent_runs,
        slower.baseline_p50_seconds,
        slower.recent_p50_seconds,
        slower.baseline_p95_seconds,
        slower.recent_p95_seconds,
        slower.slowdown_seconds,
        slower.slowdown_ratio,
        slower.rank_z,
        cast(slower.slower_since as date) as change_date,
        slower.slower_since,
        array_sort(by_task.changes.attribute) as changed_attributes,
        array_join(
            transform(
                by_task.changes, c -> concat(c.attribute, ' ', c.value_before, ' -> ', c.value_now)
            ),
            '; '
        ) as configuration_change,
        array_max(by_task.changes.valid_from) as configuration_changed_at,
        by_task.runs_since_change,
        (by_task.seconds_since_change - by_task.runs_since_change * slower.baseline_p50_seconds) / 3600
            as extra_hours_since_change,
        '{{ var("reporting_currency") }}' as currency_code,
        costs.list_cost as job_list_cost_since_change,
        slower.threshold_id,
        slower.threshold_owner,
        slower.baseline_first_day,
        slower.recent_first_day,
        slower.last_day
    from slower
    inner join by_task
        on
            slower.workspace_id <=> by_task.workspace_id
            and slower.job_id <=> by_task.job_id
            and slower.task_key <=> by_task.task_key
    left join costs
        on
            slower.workspace_id <=> costs.workspace_id
            and slower.job_id <=> costs.job_id
            and slower.task_key <=> costs.task_key
    inner join {{ ref("dim_workspace") }} as workspaces
        on slower.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on slower.entity_key = entities.entity_key

)

select * from final
