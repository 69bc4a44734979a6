select
    task_date as day,
    workspace_name,
    job_name,
    concat(job_name, ' / ', task_key) as task_name,
    owner,
    succeeded_attempts,
    p50_duration_seconds,
    p95_duration_seconds,
    p50_ratio
from {{ ref("rpt_task_latency_trends") }}
