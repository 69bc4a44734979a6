-- Why does this month cost more or less than last month did by the same day: new work, more work, or prices?
with progress as (

    select
        complete_through,
        cast(date_trunc('month', complete_through) as date) as this_month
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

-- Usage may begin within last month: of both months, only the days from there on compare.
compared_days as (

    select
        progress.this_month,
        progress.complete_through,
        greatest(add_months(progress.this_month, -1), min(dates.date)) as first_day
    from {{ ref("fct_cost_daily") }} as costs
    inner join {{ ref("dim_date") }} as dates
        on costs.date_key = dates.date_key
    cross join progress
    group by progress.this_month, progress.complete_through
    having min(dates.date) < progress.this_month

),

used as (

    select
        if(dates.month_start_date = compared_days.this_month, 'now', 'before') as month,
        costs.*
    from {{ ref("fct_cost_daily") }} as costs
    inner join {{ ref("dim_date") }} as dates
        on costs.date_key = dates.date_key
    inner join compared_days
        on
            dates.date between compared_days.first_day and compared_days.complete_through
            and dates.day between day(compared_days.first_day) and day(compared_days.complete_through)

),

-- What is unpriced has no cost to compare: rpt_unpriced_usage has it.
compared as (

    select
        entities.workspace_id,
        entities.entity_type,
        entities.entity_id,
        used.sku_key,
        used.currency_code,
        max_by(entities.entity_name, entities.valid_from) as entity_name,
        sum(if(used.month = 'before', used.list_cost, 0)) as cost_before,
        sum(if(used.month = 'now', used.list_cost, 0)) as cost_now,
        sum(if(used.month = 'before', used.usage_quantity - used.unpriced_quantity, 0)) as quantity_before,
        sum(if(used.month = 'now', used.usage_quantity - used.unpriced_quantity, 0)) as quantity_now
    from used
    inner join {{ ref("dim_entity") }} as entities
        on used.entity_key = entities.entity_key
    group by
        entities.workspace_id, entities.entity_type, entities.entity_id, used.sku_key, used.currency_code

),

-- At the old average price the other quantity is an effect of use; what is left is one of price.
explained as (

    select
        compared.*,
        case
            when quantity_before = 0 then 'new'
            when quantity_now = 0 then 'gone'
            else 'both_months'
        end as presence,
        -- One digit less before the point, so that a difference keeps the last one behind it.
        cast(coalesce(cost_now, 0) as decimal(37, 18))
        - cast(coalesce(cost_before, 0) as decimal(37, 18)) as cost_change,
        try_divide(cast(cost_before as double), cast(quantity_before as double))
        * cast(quantity_now - quantity_before as double) as change_by_quantity
    from compared

),

final as (

    select
        workspaces.workspace_name,
        explained.entity_type,
        explained.entity_id,
        explained.entity_name,
        skus.sku_name,
        explained.currency_code,
        explained.presence,
        explained.cost_before,
        explained.cost_now,
        explained.cost_change,
        if(
            explained.presence = 'both_months',
            explained.change_by_quantity,
            cast(explained.cost_change as double)
        ) as change_by_quantity,
        if(
            explained.presence = 'both_months',
            cast(explained.cost_change as double) - explained.change_by_quantity,
            cast(0 as double)
        ) as change_by_price
    from explained
    inner join {{ ref("int_workspace_names") }} as workspaces
        on explained.workspace_id <=> workspaces.workspace_id
    inner join {{ ref("dim_sku") }} as skus
        on explained.sku_key = skus.sku_key
    where explained.cost_change <> 0

)

select * from final
order by abs(cost_change) desc
