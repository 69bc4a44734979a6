select
    period_start_date as day,
    workspace_name,
    serverless_list_cost,
    coalesce(serverless_list_cost, 0) + coalesce(classic_list_cost, 0) as compute_list_cost,
    serverless_runs,
    serverless_runs + classic_runs as placed_runs
from {{ ref("rpt_serverless_adoption") }}
where period = 'week'
