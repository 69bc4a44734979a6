{#- Levels that a walk to the top goes through at most. -#}
{%- set most_levels = 20 %}
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
own as (

    select
        coalesce(
            pipeline_name,
            if(parent_workflow_name is null, null, concat('unnamed part of ', parent_workflow_name))
        ) as workflow_name,
        currency_code,
        sum(list_cost) as own_list_cost,
        -- The newest day that names it tells the place in the hierarchy.
        max(if(parent_workflow_name is null, null, struct(date_key, parent_workflow_name))).parent_workflow_name
            as tagged_parent,
        max(if(workflow_level is null, null, struct(date_key, workflow_level))).workflow_level
            as workflow_level,
        count(distinct entity_type, workspace_id, entity_id) as entity_count,
        array_sort(collect_set(workspace_id)) as workspace_ids,
        array_sort(collect_set(environment)) as environments,
        array_sort(collect_set(cost_center)) as cost_centers
    from costs
    group by 1, currency_code

),

-- A workflow that others name as their parent and that has no usage of its own.
workflows as (

    select
        own.*,
        if(own.tagged_parent = own.workflow_name, null, own.tagged_parent) as named_parent
    from own
    union all
    select distinct
        own.tagged_parent as workflow_name,
        own.currency_code,
        cast(null as decimal(38, 18)) as own_list_cost,
        cast(null as string) as tagged_parent,
        cast(null as string) as workflow_level,
        cast(0 as bigint) as entity_count,
        cast(array() as array<string>) as workspace_ids,
        cast(array() as array<string>) as environments,
        cast(array() as array<string>) as cost_centers,
        cast(null as string) as named_parent
    from own
    left anti join own as known
        on
            own.tagged_parent = known.workflow_name
            and own.currency_code = known.currency_code
    where own.tagged_parent is not null

),

parents as (

    select
        currency_code,
        map_from_entries(collect_list(struct(workflow_name, named_parent))) as parent_of
    from workflows
    where named_parent is not null
    group by currency_code

),

-- From each workflow up to the top, or to where the way begins to repeat.
walked as (

    select
        workflows.*,
        parents.parent_of,
        aggregate(
            sequence(1, {{ most_levels }}),
            array(workflows.workflow_name),
            (path, step) -> if(
                array_contains(path, coalesce(try_element_at(parents.parent_of, element_at(path, -1)), element_at(path, -1))),
                path,
                array_append(path, try_element_at(parents.parent_of, element_at(path, -1)))
            )
        ) as path
    from workflows
    left join parents
        on workflows.currency_code = parents.currency_code

),

-- Workflows that name each other in a circle have no top: each of them counts as one.
placed as (

    select
        walked.*,
        coalesce(
            slice(
                walked.path,
                1,
                nullif(
                    array_position(walked.path, try_element_at(walked.parent_of, element_at(walked.path, -1))),
                    0
                )
            ),
            walked.path
        ) as lineage
    from walked

),

totals as (

    select
        lineage_member as workflow_name,
        currency_code,
        sum(own_list_cost) as total_list_cost,
        count_if(size(lineage) > 1 and lineage_member = lineage[1]) as child_count
    from placed
    lateral view explode(lineage) members as lineage_member
    where workflow_name is not null
    group by lineage_member, currency_code

),

final as (

    select
        placed.workflow_name,
        placed.workflow_name is not null as is_in_workflow,
        if(size(placed.lineage) > 1, placed.lineage[1], null) as parent_workflow_name,
        element_at(placed.lineage, -1) as root_workflow_name,
        size(placed.lineage) as hierarchy_level,
        placed.workflow_level,
        placed.named_parent is not null and size(placed.lineage) = 1 as is_circular,
        coalesce(totals.child_count, 0) as child_count,
        placed.currency_code,
        placed.own_list_cost,
        if(placed.workflow_name is null, placed.own_list_cost, totals.total_list_cost) as total_list_cost,
        try_divide(
            cast(placed.own_list_cost as double),
            cast(sum(placed.own_list_cost) over (partition by placed.currency_code) as double)
        ) as cost_share,
        placed.entity_count,
        placed.workspace_ids,
        placed.environments,
        placed.cost_centers,
        report_window.first_day,
        report_window.last_day
    from placed
    cross join report_window
    left join totals
        on
            placed.workflow_name = totals.workflow_name
            and placed.currency_code = totals.currency_code

)

select * from final
