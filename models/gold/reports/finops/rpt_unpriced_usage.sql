with unpriced as (

    select *
    from {{ ref("fct_usage") }}
    where not is_priced

),

prices as (

    select *
    from {{ ref("slv_prices") }}

),

-- What the price list has for each SKU, in the reporting currency and in others.
price_spans as (

    select
        sku_name,
        cloud,
        usage_unit,
        min(
            case when currency_code = '{{ var("reporting_currency") }}' then price_start_time end
        ) as first_price_start_time,
        array_sort(collect_set(currency_code)) as currencies
    from prices
    group by sku_name, cloud, usage_unit

),

explained as (

    select
        unpriced.*,
        price_spans.first_price_start_time,
        price_spans.currencies,
        case
            when price_spans.sku_name is null then 'no_price_row'
            when price_spans.first_price_start_time is null then 'other_currency_only'
            when unpriced.usage_start_time < price_spans.first_price_start_time then 'before_first_price'
            else 'gap'
        end as reason
    from unpriced
    left join price_spans
        on
            unpriced.sku_name = price_spans.sku_name
            and unpriced.cloud = price_spans.cloud
            and unpriced.usage_unit = price_spans.usage_unit

),

final as (

    select
        sku_key,
        sku_name,
        cloud,
        usage_unit,
        reason,
        currencies as priced_currencies,
        first_price_start_time,
        min(date_key) as first_date_key,
        max(date_key) as last_date_key,
        count(*) as record_count,
        sum(usage_quantity) as usage_quantity
    from explained
    group by sku_key, sku_name, cloud, usage_unit, reason, currencies, first_price_start_time

)

select * from final
