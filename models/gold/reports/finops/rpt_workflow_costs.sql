{#- Levels that a walk to the top goes through at most. -#}
{%- set most_levels = 20 %}
with report_window as (

    {{ report_window() }}

),

own as (

    select *
    from {{ ref("int_workflow_own_costs") }}

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
                not array_contains(path, try_element_at(parents.parent_of, element_at(path, -1))),
                array_append(path, try_element_at(parents.parent_of, element_at(path, -1))),
                path
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
                cast(nullif(
                    array_position(
                        walked.path, try_element_at(walked.parent_of, element_at(walked.path, -1))
                    ),
                    0
                ) as int)
            ),
            walked.path
        ) as lineage
    from walked

),

totals as (

    select
        members.workflow_name,
        placed.currency_code,
        sum(placed.own_list_cost) as total_list_cost,
        count_if(members.workflow_name = get(placed.lineage, 1)) as child_count
    from placed
        lateral view explode(placed.lineage) members as workflow_name
    where placed.workflow_name is not null
    group by members.workflow_name, placed.currency_code

),

final as (

    select
        placed.workflow_name,
        placed.workflow_name is not null as is_in_workflow,
        get(placed.lineage, 1) as parent_workflow_name,
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
