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
    trends.owner,
    trends.succeeded_attempts,
    trends.p50_duration_seconds,
    trends.p95_duration_seconds,
    trends.p50_ratio
from {{ ref("rpt_task_latency_trends") }} as trends
left join job_tags
    on
        trends.workspace_id = job_tags.workspace_id
        and trends.job_id = job_tags.job_id
