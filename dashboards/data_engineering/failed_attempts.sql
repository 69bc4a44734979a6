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

)

select
    dates.date as day,
    coalesce(workspaces.workspace_name, attempts.workspace_id) as workspace_name,
    coalesce(jobs.job_name, attempts.job_id, '(one-time runs)') as job_name,
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
left join workspaces
    on attempts.workspace_id = workspaces.workspace_id
where attempts.is_failure
group by all
order by dates.date desc, attempt_count desc
