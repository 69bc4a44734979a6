with jobs as (

    select
        workspace_id,
        entity_id,
        max_by(entity_name, valid_from) as job_name
    from {{ ref("dim_entity") }}
    where entity_type = 'JOB'
    group by workspace_id, entity_id

),

workspaces as (

    select
        workspace_id,
        max_by(workspace_name, valid_from) as workspace_name
    from {{ ref("dim_workspace") }}
    group by workspace_id

),

job_tags as (

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
    dates.date as day,
    coalesce(workspaces.workspace_name, attempts.workspace_id) as workspace_name,
    coalesce(jobs.job_name, attempts.job_id, '(one-time runs)') as job_name,
    job_tags.environment,
    job_tags.department,
    attempts.task_key,
    coalesce(statuses.failure_cause, 'unknown') as failure_cause,
    attempts.termination_code,
    count(*) as attempt_count
from {{ ref("fct_task_runs") }} as attempts
inner join {{ ref("dim_run_status") }} as statuses
    on attempts.run_status_key = statuses.run_status_key
inner join {{ ref("dim_date") }} as dates
    on attempts.date_key = dates.date_key
left join jobs
    on
        attempts.workspace_id = jobs.workspace_id
        and attempts.job_id = jobs.entity_id
left join job_tags
    on
        attempts.workspace_id = job_tags.workspace_id
        and attempts.job_id = job_tags.job_id
left join workspaces
    on attempts.workspace_id = workspaces.workspace_id
where attempts.is_failure
group by all
order by dates.date desc, attempt_count desc
