select
    severity,
    workspace_name,
    job_name,
    task_key,
    owner,
    baseline_p50_seconds,
    recent_p50_seconds,
    slowdown_ratio,
    change_date,
    configuration_change,
    runs_since_change,
    extra_hours_since_change,
    job_list_cost_since_change
from {{ ref("rpt_task_latency_regressions") }}
order by extra_hours_since_change desc nulls last
