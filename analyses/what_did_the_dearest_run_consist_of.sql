-- The dearest job run of the last days: its tasks and attempts beside its cost by SKU and day.
with dearest as (

    select
        costs.workspace_id,
        costs.run_id
    from {{ ref("fct_run_costs") }} as costs
    inner join {{ ref("dim_date") }} as dates
        on costs.date_key = dates.date_key
    inner join {{ ref("source_progress") }} as progress
        on
            progress.task = 'brz_billing_usage'
            and dates.date > date_sub(progress.complete_through, {{ var("report_window_days") }})
    where costs.is_listed_run
    group by costs.workspace_id, costs.run_id
    order by sum(costs.list_cost) desc nulls last, costs.workspace_id, costs.run_id
    limit 1

),

parts as (

    select
        'cost' as part,
        costs.sku_name as name,
        costs.date_key,
        cast(null as int) as attempt_number,
        cast(null as double) as minutes,
        cast(null as string) as result_state,
        costs.usage_quantity,
        costs.list_cost
    from {{ ref("fct_run_costs") }} as costs
    left semi join dearest
        on costs.workspace_id <=> dearest.workspace_id and costs.run_id = dearest.run_id
    union all
    select
        'task' as part,
        tasks.task_key as name,
        tasks.date_key,
        tasks.attempt_number,
        tasks.duration_seconds / 60 as minutes,
        tasks.result_state,
        cast(null as decimal(38, 18)) as usage_quantity,
        cast(null as decimal(38, 18)) as list_cost
    from {{ ref("fct_task_runs") }} as tasks
    left semi join dearest
        on tasks.workspace_id <=> dearest.workspace_id and tasks.job_run_id = dearest.run_id

),

final as (

    select
        runs.workspace_id,
        entities.entity_name as job_name,
        runs.run_id,
        runs.run_start_time,
        runs.run_end_time,
        parts.*
    from parts
    cross join dearest
    inner join {{ ref("fct_job_runs") }} as runs
        on dearest.workspace_id <=> runs.workspace_id and dearest.run_id = runs.run_id
    inner join {{ ref("dim_entity") }} as entities
        on runs.entity_key = entities.entity_key

)

select * from final
order by part, name, date_key, attempt_number
