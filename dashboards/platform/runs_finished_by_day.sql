with runs as (

    select
        dates.date as day,
        workspaces.workspace_name,
        runs.succeeded_runs,
        runs.failed_runs,
        runs.cancelled_runs,
        runs.skipped_runs,
        runs.other_runs
    from {{ ref("fct_runs_finished_daily") }} as runs
    inner join {{ ref("dim_date") }} as dates
        on runs.date_key = dates.date_key
    inner join {{ ref("dim_workspace") }} as workspaces
        on runs.workspace_key = workspaces.workspace_key

),

by_outcome as (

    select
        day,
        workspace_name,
        stack(
            5,
            'succeeded', succeeded_runs,
            'failed', failed_runs,
            'cancelled', cancelled_runs,
            'skipped', skipped_runs,
            'other', other_runs
        ) as (outcome, run_count)
    from runs

)

select
    day,
    workspace_name,
    outcome,
    sum(run_count) as run_count
from by_outcome
group by day, workspace_name, outcome
having sum(run_count) > 0
