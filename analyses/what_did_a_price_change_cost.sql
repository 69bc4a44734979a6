-- Which list prices changed, and what has each change cost or saved since?
with changes as (

    select
        sku_name,
        cloud,
        usage_unit,
        currency_code,
        price_start_time,
        price_end_time,
        list_price,
        lag(list_price) over (
            partition by sku_name, cloud, usage_unit, currency_code
            order by price_start_time
        ) as previous_list_price
    from {{ ref("slv_prices") }}

),

final as (

    select
        changes.sku_name,
        changes.cloud,
        changes.usage_unit,
        changes.currency_code,
        changes.price_start_time,
        changes.price_end_time,
        changes.previous_list_price,
        changes.list_price,
        try_divide(
            cast(changes.list_price - changes.previous_list_price as double),
            cast(changes.previous_list_price as double)
        ) as price_change_ratio,
        sum(usage.usage_quantity) as quantity_since,
        sum(usage.list_cost) as list_cost_since,
        -- Exact enough to compare: fct_usage has the amounts that count.
        sum(cast(usage.usage_quantity as double))
        * cast(changes.list_price - changes.previous_list_price as double) as cost_of_change
    from {{ ref("fct_usage") }} as usage
    inner join changes
        on
            usage.sku_name = changes.sku_name
            and usage.cloud = changes.cloud
            and usage.usage_unit = changes.usage_unit
            and usage.currency_code = changes.currency_code
            and usage.usage_start_time >= changes.price_start_time
            and (changes.price_end_time is null or usage.usage_start_time < changes.price_end_time)
    where changes.list_price <> changes.previous_list_price
    group by all

)

select * from final
order by abs(cost_of_change) desc
