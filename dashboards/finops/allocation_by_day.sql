select
    dates.date as day,
    workspaces.workspace_name,
    costs.department,
    costs.environment,
    costs.cost_center,
    coalesce(costs.department, 'unallocated') as department_label,
    sum(costs.list_cost) as list_cost
from {{ ref("fct_cost_daily") }} as costs
inner join {{ ref("dim_date") }} as dates
    on costs.date_key = dates.date_key
inner join {{ ref("dim_workspace") }} as workspaces
    on costs.workspace_key = workspaces.workspace_key
-- Complete days only.
where
    dates.date <= (
        select max(complete_through)
        from {{ ref("rpt_source_freshness") }}
        where task = 'brz_billing_usage'
    )
group by all
