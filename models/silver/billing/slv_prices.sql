{{ config(
    unique_key=["sku_name", "cloud", "usage_unit", "currency_code", "price_start_time"],
) }}
{%- set prices = read_changes(ref("brz_billing_list_prices"), by_day=false) %}
{#-
    A new window moves the end of the one before it, so the few thousand rows are worked out whole whenever
    one has changed.
-#}
{{ record_reads([prices], [] if prices.mode == "none" else "all") }}

with listed as (

    select *
    from {{ as_read(prices) }}
    where source_removed_at is null

),

windows as (

    select
        sku_name,
        cloud,
        usage_unit,
        currency_code,
        price_start_time,
        -- Windows overlap in practice: each ends where the next one starts, or earlier.
        least(
            price_end_time,
            lead(price_start_time) over (
                partition by sku_name, cloud, usage_unit, currency_code
                order by price_start_time
            )
        ) as price_end_time,
        price_end_time as source_price_end_time,
        coalesce(pricing.effective_list.`default`, pricing.`default`) as list_price,
        pricing.`default` as default_price,
        pricing.promotional.`default` as promotional_price
    from listed

),

final as (

    select
        windows.*,
        {{ content_hash([
            {"name": "price_end_time", "expression": "price_end_time", "type": "timestamp"},
            {"name": "source_price_end_time", "expression": "source_price_end_time", "type": "timestamp"},
            {"name": "list_price", "expression": "list_price", "type": "decimal(38,18)"},
            {"name": "default_price", "expression": "default_price", "type": "decimal(38,18)"},
            {"name": "promotional_price", "expression": "promotional_price", "type": "decimal(38,18)"},
        ]) }} as row_hash
    from windows

)

select * from final
