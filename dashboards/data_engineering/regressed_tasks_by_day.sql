select
    trends.task_date as day,
    trends.workspace_name,
    trends.job_name,
    concat(trends.job_name, ' / ', trends.task_key) as task_name,
    trends.p50_duration_seconds / 60 as p50_minutes
from {{ ref("rpt_task_latency_trends") }} as trends
inner join {{ ref("rpt_task_latency_regressions") }} as regressions
    on
        trends.workspace_id = regressions.workspace_id
        and trends.job_id = regressions.job_id
        and trends.task_key = regressions.task_key
