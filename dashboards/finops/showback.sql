select
    usage_date as day,
    workspace_name,
    dimension_label as cost_center,
    sum(list_cost) as list_cost
from {{ ref("rpt_showback") }}
where dimension = 'cost_center'
group by usage_date, workspace_name, dimension_label
