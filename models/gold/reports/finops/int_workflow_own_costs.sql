with report_window as (

    {{ report_window() }}

),

costs as (

    select
        costs.*,
        workspaces.workspace_id,
        entities.entity_type,
        entities.entity_id
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.first_date_key and report_window.last_date_key
    inner join {{ ref("dim_workspace") }} as workspaces
        on costs.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on costs.entity_key = entities.entity_key

),

-- Work that names its workflow, or at least the one it is part of; all other cost is one line without a name.
final as (

    select
        coalesce(
            pipeline_name,
            if(parent_workflow_name is null, null, concat('unnamed part of ', parent_workflow_name))
        ) as workflow_name,
        currency_code,
        sum(list_cost) as own_list_cost,
        -- The newest day that names it tells the place in the hierarchy.
        max(
            if(parent_workflow_name is null, null, struct(date_key, parent_workflow_name))
        ).parent_workflow_name as tagged_parent,
        max(if(workflow_level is null, null, struct(date_key, workflow_level))).workflow_level
            as workflow_level,
        count(distinct entity_type, workspace_id, entity_id) as entity_count,
        array_sort(collect_set(workspace_id)) as workspace_ids,
        array_sort(collect_set(environment)) as environments,
        array_sort(collect_set(cost_center)) as cost_centers
    from costs
    group by all

)

select * from final
