select
    coalesce(workspace_name, workspace_id) as workspace_name,
    coalesce(job_name, run_name, job_id) as job_name,
    owner,
    run_id,
    run_type,
    kind,
    cause,
    termination_code,
    run_start_time,
    cast(run_end_time as date) as day,
    duration_seconds,
    list_cost,
    wasted_list_cost,
    cost_status
from {{ ref("rpt_failed_run_costs") }}
order by wasted_list_cost desc nulls last
