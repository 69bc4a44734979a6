select
    coalesce(workspace_name, workspace_id) as workspace_name,
    coalesce(job_name, run_name, job_id) as job_name,
    owner,
    finished_runs,
    succeeded_runs,
    failed_runs,
    -- What the success rate is a share of: skipped runs never started.
    finished_runs - skipped_runs as started_runs,
    success_rate,
    p50_duration_seconds,
    p95_duration_seconds,
    p95_queue_seconds,
    repairs + task_retries as second_attempts,
    running_runs,
    overdue_runs
from {{ ref("rpt_run_health") }}
order by overdue_runs desc, failed_runs desc, finished_runs desc
