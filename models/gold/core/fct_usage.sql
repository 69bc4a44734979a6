{{ config(
    incremental_strategy="rebuild_days",
    unique_key=["record_id", "record_type"],
    partition_by=["date_key"],
) }}
{%- set usage = read_changes(ref("slv_usage")) %}
{%- set prices = read_changes(ref("slv_prices"), by_day=false) %}
{%- set repriced_days = prices.days if prices.mode != "changes" else days_of(
    "select distinct usage.date_key from " ~ as_read(usage) ~ " as usage"
    ~ " inner join " ~ table_changes_of(prices) ~ " as price on usage.sku_name = price.sku_name"
    ~ " and usage.cloud = price.cloud and usage.usage_unit = price.usage_unit"
    ~ " where usage.usage_start_time >= price.price_start_time"
    ~ " and (price.price_end_time is null or usage.usage_start_time < price.price_end_time)"
) %}
{%- set days = touched_days([usage.days, repriced_days]) %}
{{ record_reads([usage, prices], days) }}

with usage as (

    select *
    from {{ as_read(usage) }}
    where {{ in_days(days) }}

),

prices as (

    select *
    from {{ as_read(prices) }}
    where currency_code = '{{ var("reporting_currency") }}'

),

priced as (

    select
        usage.*,
        '{{ var("reporting_currency") }}' as currency_code,
        prices.list_price,
        {{ list_cost("usage.usage_quantity", "prices.list_price") }} as list_cost,
        prices.list_price is not null as is_priced,
        {{ dbt_utils.generate_surrogate_key(["usage.account_id", "usage.workspace_id"]) }} as workspace_key,
        {{ dbt_utils.generate_surrogate_key(["usage.sku_name", "usage.cloud", "usage.usage_unit"]) }} as sku_key
    from usage
    left join prices
        on
            usage.sku_name = prices.sku_name
            and usage.cloud = prices.cloud
            and usage.usage_unit = prices.usage_unit
            and usage.usage_start_time >= prices.price_start_time
            and (prices.price_end_time is null or usage.usage_start_time < prices.price_end_time)

),

final as (

    select
        record_id,
        record_type,
        date_key,
        account_id,
        workspace_id,
        workspace_key,
        entity_type,
        entity_id,
        sku_key,
        cloud,
        sku_name,
        billing_origin_product,
        usage_type,
        usage_unit,
        usage_start_time,
        usage_end_time,
        ingestion_date,
        usage_quantity,
        is_serverless,
        is_photon,
        job_id,
        job_run_id,
        pipeline_id,
        pipeline_update_id,
        cluster_id,
        warehouse_id,
        run_as,
        currency_code,
        list_price,
        list_cost,
        is_priced,
        sha2(concat_ws('|', row_hash, currency_code, coalesce(cast(list_price as string), 'unpriced')), 256) as row_hash
    from priced

)

select * from final
