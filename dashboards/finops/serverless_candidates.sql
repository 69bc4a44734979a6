select
    workspace_name,
    job_name,
    owner,
    reason,
    runs_a_day,
    p50_duration_seconds,
    p50_setup_share,
    classic_list_cost
from {{ ref("rpt_serverless_candidates") }}
order by classic_list_cost desc nulls last
