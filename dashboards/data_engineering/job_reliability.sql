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
    jobs.workspace_name,
    jobs.job_name,
    job_tags.environment,
    job_tags.department,
    jobs.owner,
    jobs.finished_runs,
    jobs.succeeded_runs,
    jobs.failed_runs,
    jobs.succeeded_runs + jobs.failed_runs as judged_runs,
    jobs.failure_rate,
    jobs.flaky_failures,
    jobs.rescued_runs,
    jobs.repairs,
    jobs.task_retries,
    jobs.failures_since_last_success,
    jobs.mean_hours_between_failures,
    jobs.mean_hours_to_recover,
    jobs.last_failure_time
from {{ ref("rpt_job_reliability") }} as jobs
left join job_tags
    on
        jobs.workspace_id = job_tags.workspace_id
        and jobs.job_id = job_tags.job_id
order by jobs.failures_since_last_success desc, jobs.failed_runs desc
