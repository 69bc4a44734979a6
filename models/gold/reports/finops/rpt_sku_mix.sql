{{ config(materialized=var("heavy_reports_materialized")) }}
with progress as (

    select
        complete_through,
        {{ date_key("complete_through") }} as last_date_key
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

monthly as (

    select
        dates.month_start_date,
        workspaces.workspace_id,
        costs.sku_key,
        costs.currency_code,
        sum(costs.usage_quantity) as usage_quantity,
        sum(costs.unpriced_quantity) as unpriced_quantity,
        sum(costs.list_cost) as list_cost
    from {{ ref("fct_cost_daily") }} as costs
    inner join progress
        on costs.date_key <= progress.last_date_key
    inner join {{ ref("dim_date") }} as dates
        on costs.date_key = dates.date_key
    inner join {{ ref("dim_workspace") }} as workspaces
        on costs.workspace_key = workspaces.workspace_key
    group by dates.month_start_date, workspaces.workspace_id, costs.sku_key, costs.currency_code

),

shared as (

    select
        monthly.*,
        sum(monthly.list_cost) over (
            partition by monthly.month_start_date, monthly.currency_code
        ) as month_list_cost,
        -- A price a unit that the usage really had, whatever prices held in the month.
        try_divide(
            cast(monthly.list_cost as double),
            cast(monthly.usage_quantity - monthly.unpriced_quantity as double)
        ) as average_list_price
    from monthly

),

-- Each month stands beside the next one, too: a SKU that is no longer used shows there as a fall to nothing.
compared as (

    select
        coalesce(shared.month_start_date, add_months(previous.month_start_date, 1)) as month_start_date,
        coalesce(shared.workspace_id, previous.workspace_id) as workspace_id,
        coalesce(shared.sku_key, previous.sku_key) as sku_key,
        coalesce(shared.currency_code, previous.currency_code) as currency_code,
        coalesce(shared.usage_quantity, 0) as usage_quantity,
        coalesce(shared.unpriced_quantity, 0) as unpriced_quantity,
        if(shared.sku_key is null, 0, shared.list_cost) as list_cost,
        if(
            shared.sku_key is null,
            0,
            try_divide(cast(shared.list_cost as double), cast(shared.month_list_cost as double))
        ) as cost_share,
        shared.average_list_price,
        try_divide(cast(previous.list_cost as double), cast(previous.month_list_cost as double))
            as previous_cost_share,
        previous.average_list_price as previous_average_list_price
    from shared
    full outer join shared as previous
        on
            shared.month_start_date = add_months(previous.month_start_date, 1)
            and shared.workspace_id <=> previous.workspace_id
            and shared.sku_key = previous.sku_key
            and shared.currency_code = previous.currency_code

),

final as (

    select
        compared.month_start_date,
        progress.complete_through >= last_day(compared.month_start_date) as is_complete,
        compared.workspace_id,
        workspaces.workspace_name,
        compared.sku_key,
        skus.sku_name,
        skus.cloud,
        skus.usage_unit,
        skus.sku_family,
        skus.tier,
        skus.region,
        skus.is_serverless,
        skus.is_photon,
        compared.currency_code,
        cast(compared.usage_quantity as decimal(38, 18)) as usage_quantity,
        cast(compared.unpriced_quantity as decimal(38, 18)) as unpriced_quantity,
        cast(compared.list_cost as decimal(38, 18)) as list_cost,
        compared.cost_share,
        compared.average_list_price,
        compared.previous_cost_share,
        compared.previous_average_list_price
    from compared
    inner join progress
        on compared.month_start_date <= progress.complete_through
    inner join {{ ref("dim_sku") }} as skus
        on compared.sku_key = skus.sku_key
    inner join {{ ref("int_workspace_names") }} as workspaces
        on compared.workspace_id <=> workspaces.workspace_id

)

select * from final
