with workspaces as (

    select
        workspace_id,
        max_by(workspace_name, valid_from) as workspace_name
    from {{ ref("dim_workspace") }}
    group by workspace_id

)

select
    dates.date as day,
    coalesce(workspaces.workspace_name, runs.workspace_id) as workspace_name,
    count(*) as run_count,
    sum(runs.queue_duration_seconds) as queue_seconds
from {{ ref("fct_job_runs") }} as runs
inner join {{ ref("dim_date") }} as dates
    on runs.date_key = dates.date_key
left join workspaces
    on runs.workspace_id = workspaces.workspace_id
-- Where the source says how long a run waited.
where runs.queue_duration_seconds is not null
group by all
