{{ config(
    incremental_strategy="rebuild_days",
    unique_key="reconciliation_key",
    partition_by=["date_key"],
) }}
{%- set source_read = read_source(source("billing", "usage"), watermark="ingestion_date", day="usage_date") %}
{%- set bronze = read_changes(ref("brz_billing_usage")) %}
{%- set silver = read_changes(ref("slv_usage")) %}
{%- set quarantine = read_changes(ref("slv_usage_quarantine")) %}
{%- set gold = read_changes(ref("fct_usage")) %}
{%- set reads = [source_read, bronze, silver, quarantine, gold] %}
{%- set days = touched_days(reads | map(attribute="days")) if is_merge() else "all" %}
{{ record_reads(reads, days) }}
{%- set layers = {"bronze": bronze, "silver": silver, "quarantine": quarantine} %}

with source as (

    -- Straight from the source and by its own rule, so that a row lost on the way to Bronze shows.
    select {{ source_columns(source_read) }}
    from {{ source_rows_of_days(
        source_read, "ingestion_date", "usage_date", days, loader="brz_billing_usage"
    ) }}

),

hashed as (

    select
        source.*,
        {{ date_key("usage_date") }} as date_key,
        {{ source_row_hash(source_read) }} as row_hash
    from source

),

moved_away as (

    -- Keys that Bronze holds on days that are not looked at here: an older row of such a key counts no more.
    select
        record_id,
        record_type,
        ingestion_date,
        row_hash
    from {{ as_read(bronze) }}
    where {{ outside_days(days) }}

),

source_winners as (

    select hashed.*
    from hashed
    left anti join moved_away
        on
            {{ equal_keys("hashed", "moved_away", ["record_id", "record_type"]) }}
            and (
                hashed.ingestion_date < moved_away.ingestion_date
                or (hashed.ingestion_date is null and moved_away.ingestion_date is not null)
                or (
                    hashed.ingestion_date <=> moved_away.ingestion_date
                    and hashed.row_hash < moved_away.row_hash
                )
            )
    qualify row_number() over (
        partition by hashed.record_id, hashed.record_type
        order by hashed.ingestion_date desc nulls last, hashed.row_hash desc
    ) = 1

),

records as (

    select
        'source' as layer,
        date_key,
        sku_name,
        cloud,
        usage_unit,
        usage_start_time,
        usage_quantity
    from source_winners
    {%- for layer, read in layers.items() %}
    union all
    select
        '{{ layer }}' as layer,
        date_key,
        sku_name,
        cloud,
        usage_unit,
        usage_start_time,
        usage_quantity
    from {{ as_read(read) }}
    where {{ in_days(days) }}
    {%- endfor %}

),

prices as (

    select *
    from {{ ref("slv_prices") }}
    where currency_code = '{{ var("reporting_currency") }}'

),

priced as (

    select
        records.layer,
        records.date_key,
        records.sku_name,
        records.usage_unit,
        records.usage_quantity,
        {{ list_cost("records.usage_quantity", "prices.list_price") }} as list_cost
    from records
    left join prices
        on
            records.sku_name = prices.sku_name
            and records.cloud = prices.cloud
            and records.usage_unit = prices.usage_unit
            and records.usage_start_time >= prices.price_start_time
            and (prices.price_end_time is null or records.usage_start_time < prices.price_end_time)
    union all
    select
        'gold' as layer,
        date_key,
        sku_name,
        usage_unit,
        usage_quantity,
        list_cost
    from {{ as_read(gold) }}
    where {{ in_days(days) }}

),

totals as (

    select
        date_key,
        sku_name,
        usage_unit,
        layer,
        count(*) as record_count,
        cast(sum(usage_quantity) as decimal(38, 18)) as usage_quantity,
        cast(sum(list_cost) as decimal(38, 18)) as list_cost
    from priced
    group by date_key, sku_name, usage_unit, layer

),

final as (

    select
        {{ surrogate_key(["date_key", "sku_name", "usage_unit", "layer"]) }} as reconciliation_key,
        totals.*,
        {{ hash_of("record_count, usage_quantity, list_cost") }} as row_hash
    from totals

)

select * from final
