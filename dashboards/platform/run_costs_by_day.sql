with workspaces as (

    select
        workspace_id,
        max_by(workspace_name, valid_from) as workspace_name
    from {{ ref("dim_workspace") }}
    group by workspace_id

)

select
    dates.date as day,
    coalesce(workspaces.workspace_name, costs.workspace_id) as workspace_name,
    sum(costs.list_cost) as list_cost,
    count(distinct costs.workspace_id, costs.run_id) as run_count
from {{ ref("fct_run_costs") }} as costs
inner join {{ ref("dim_date") }} as dates
    on costs.date_key = dates.date_key
left join workspaces
    on costs.workspace_id = workspaces.workspace_id
-- Complete days only.
where
    dates.date <= (
        select max(complete_through)
        from {{ ref("rpt_source_freshness") }}
        where task = 'brz_billing_usage'
    )
group by all
