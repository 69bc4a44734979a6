select
    workflow_name,
    root_workflow_name,
    parent_workflow_name,
    hierarchy_level,
    child_count,
    own_list_cost,
    total_list_cost,
    cost_share
from {{ ref("rpt_workflow_costs") }}
where is_in_workflow
order by total_list_cost desc nulls last
