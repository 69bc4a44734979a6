with entities as (

    select
        workspace_id,
        entity_type,
        entity_id,
        max_by(entity_name, valid_from) as entity_name
    from {{ ref("dim_entity") }}
    group by workspace_id, entity_type, entity_id

)

select
    drivers.cost_rank,
    drivers.workspace_name,
    drivers.entity_type,
    coalesce(entities.entity_name, drivers.entity_id) as entity_name,
    drivers.entity_id,
    drivers.owner,
    drivers.list_cost,
    drivers.cost_share,
    drivers.previous_list_cost,
    drivers.change_ratio
from {{ ref("rpt_top_cost_drivers") }} as drivers
left join entities
    on
        drivers.workspace_id <=> entities.workspace_id
        and drivers.entity_type = entities.entity_type
        and drivers.entity_id = entities.entity_id
order by drivers.cost_rank
