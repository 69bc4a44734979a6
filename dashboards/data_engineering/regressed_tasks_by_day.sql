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
    trends.task_date as day,
    trends.workspace_name,
    trends.job_name,
    job_tags.environment,
    job_tags.department,
    concat(trends.job_name, ' / ', trends.task_key) as task_name,
    trends.p50_duration_seconds / 60 as p50_minutes
from {{ ref("rpt_task_latency_trends") }} as trends
inner join {{ ref("rpt_task_latency_regressions") }} as regressions
    on
        trends.workspace_id = regressions.workspace_id
        and trends.job_id = regressions.job_id
        and trends.task_key = regressions.task_key
left join job_tags
    on
        trends.workspace_id = job_tags.workspace_id
        and trends.job_id = job_tags.job_id
