{#-
    A view and not a row filter on the facts: builds merge into the facts and read their change feeds, which a
    table with a row filter does not allow everywhere.
-#}
{{ config(
    enabled=var("secure_by_cost_center"),
) }}

with costs as (

    select *
    from {{ ref("fct_cost_daily") }}

),

my_cost_centers as (

    {{ my_cost_centers() }}

),

final as (

    select
        costs.date_key,
        workspaces.workspace_id,
        workspaces.workspace_name,
        entities.entity_type,
        entities.entity_id,
        entities.entity_name,
        skus.sku_name,
        costs.cost_center,
        costs.department,
        costs.environment,
        costs.currency_code,
        costs.usage_quantity,
        costs.list_cost
    from costs
    inner join {{ ref("dim_workspace") }} as workspaces
        on costs.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on costs.entity_key = entities.entity_key
    inner join {{ ref("dim_sku") }} as skus
        on costs.sku_key = skus.sku_key
    where exists (
        select 1
        from my_cost_centers
        where my_cost_centers.cost_center in ('*', costs.cost_center)
    )

)

select * from final
