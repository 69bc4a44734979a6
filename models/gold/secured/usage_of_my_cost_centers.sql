{{ config(
    enabled=var("secure_by_cost_center"),
) }}

with usage as (

    select *
    from {{ ref("fct_usage") }}

),

my_cost_centers as (

    {{ my_cost_centers() }}

),

final as (

    select
        usage.record_id,
        usage.record_type,
        usage.date_key,
        usage.workspace_id,
        workspaces.workspace_name,
        usage.entity_type,
        usage.entity_id,
        entities.entity_name,
        usage.sku_name,
        usage.billing_origin_product,
        usage.usage_unit,
        usage.usage_start_time,
        usage.usage_end_time,
        usage.job_id,
        usage.job_run_id,
        usage.cluster_id,
        usage.warehouse_id,
        usage.run_as,
        usage.cost_center,
        usage.department,
        usage.environment,
        usage.currency_code,
        usage.usage_quantity,
        usage.list_price,
        usage.list_cost,
        usage.is_priced
    from usage
    inner join {{ ref("dim_workspace") }} as workspaces
        on usage.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on usage.entity_key = entities.entity_key
    where exists (
        select 1
        from my_cost_centers
        where my_cost_centers.cost_center in ('*', usage.cost_center)
    )

)

select * from final
