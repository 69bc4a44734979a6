select
    workspace_name,
    job_name,
    owner,
    finished_runs,
    succeeded_runs,
    failed_runs,
    succeeded_runs + failed_runs as judged_runs,
    failure_rate,
    flaky_failures,
    rescued_runs,
    repairs,
    task_retries,
    failures_since_last_success,
    mean_hours_between_failures,
    mean_hours_to_recover,
    last_failure_time
from {{ ref("rpt_job_reliability") }}
order by failures_since_last_success desc, failed_runs desc
