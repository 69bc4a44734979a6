with job_tags as (

    -- Tags of a job: those of its newest day with usage.
    select
        entities.workspace_id,
        entities.entity_id as job_id,
        max_by(costs.environment, costs.date_key) as environment,
        max_by(costs.department, costs.date_key) as department
    from {{ ref("fct_cost_daily") }} as costs
    inner join {{ ref("dim_entity") }} as entities
        on costs.entity_key = entities.entity_key
    where entities.entity_type = 'JOB'
    group by entities.workspace_id, entities.entity_id

)

select
    regressions.severity,
    regressions.workspace_name,
    regressions.job_name,
    job_tags.environment,
    job_tags.department,
    regressions.task_key,
    regressions.owner,
    regressions.baseline_p50_seconds,
    regressions.recent_p50_seconds,
    regressions.slowdown_ratio,
    regressions.change_date,
    regressions.configuration_change,
    regressions.runs_since_change,
    regressions.extra_hours_since_change,
    regressions.job_list_cost_since_change
from {{ ref("rpt_task_latency_regressions") }} as regressions
left join job_tags
    on
        regressions.workspace_id = job_tags.workspace_id
        and regressions.job_id = job_tags.job_id
order by regressions.extra_hours_since_change desc nulls last
