select
    period_start_date as day,
    workspace_name,
    sum(list_cost) as list_cost,
    sum(tagged_list_cost) as tagged_list_cost
from {{ ref("rpt_tag_coverage") }}
where
    period = 'day'
    and scope = 'workspace'
    and coverage_of = 'required_keys'
group by period_start_date, workspace_name
