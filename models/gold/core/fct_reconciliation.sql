{{ config(
    incremental_strategy="rebuild_days",
    unique_key="reconciliation_key",
    partition_by=["date_key"],
    meta={"zorder": ["sku_name"]},
) }}
{%- set source_read = read_source(source("billing", "usage"), watermark="ingestion_date", day="usage_date") %}
{%- set bronze = read_changes(ref("brz_billing_usage")) %}
{%- set silver = read_changes(ref("slv_usage")) %}
{%- set quarantine = read_changes(ref("slv_usage_quarantine")) %}
{%- set gold = read_changes(ref("fct_usage")) %}
{%- set prices = read_changes(ref("slv_prices"), by_day=false) %}
{%- set currency = read_variable("reporting_currency") %}
{%- set by_day = [source_read, bronze, silver, quarantine, gold, currency] %}
{%- set days = "all" if not is_merge() else touched_days(
    by_day | map(attribute="days") | list + [repriced_days(prices, as_read(bronze))]
) %}
{{ record_reads(by_day + [prices], days) }}
{%- set record = "date_key, sku_name, cloud, usage_unit, usage_start_time, usage_quantity" %}
{#- What is older than anything that the source has left is gone from there: Bronze tells what it was. #}
{%- set is_gone = "usage_date < (select min(usage_date) from whole_source)"
    ~ " or ingestion_date < (select min(ingestion_date) from whole_source)" %}
{%- set layers = [
    ("source", bronze, is_gone), ("bronze", bronze, "true"), ("silver", silver, "true"),
    ("quarantine", quarantine, "true")
] %}
{%- set line = ["date_key", "sku_name", "usage_unit", "layer"] %}

with source_winners as (

    -- Straight from the source and by its own rule, so that a row lost on the way to Bronze shows.
    {{ usage_bronze_should_hold(source_read, bronze, days) }}

),

whole_source as (

    select
        {{ source_column(source_read, "usage_date") }},
        {{ source_column(source_read, "ingestion_date") }}
    from {{ source_rows_of_days(source_read, "ingestion_date", "usage_date", "all", "brz_billing_usage") }}

),

records as (

    select
        'source' as layer,
        {{ record }}
    from source_winners
    {%- for layer, read, condition in layers %}
    union all
    select
        '{{ layer }}' as layer,
        {{ record }}
    from {{ as_read(read) }}
    where {{ in_days(days) }} and ({{ condition }})
    {%- endfor %}

),

prices as (

    select *
    from {{ as_read(prices) }}
    where currency_code = '{{ var("reporting_currency") }}'

),

priced as (

    select
        {%- for column in line %}
        records.{{ column }},
        {%- endfor %}
        records.usage_quantity,
        {{ list_cost("records.usage_quantity", "prices.list_price") }} as list_cost
    from records
    left join prices
        on {{ price_applies("prices", "records") }}
    union all
    select
        {{ line[:3] | join(", ") }},
        'gold' as layer,
        usage_quantity,
        list_cost
    from {{ as_read(gold) }}
    where {{ in_days(days) }}

),

totals as (

    select
        {{ line | join(", ") }},
        count(*) as record_count,
        cast(sum(usage_quantity) as decimal(38, 18)) as usage_quantity,
        cast(sum(list_cost) as decimal(38, 18)) as list_cost
    from priced
    group by {{ line | join(", ") }}

),

final as (

    select
        {{ surrogate_key(line) }} as reconciliation_key,
        totals.*,
        {{ hash_of("record_count, usage_quantity, list_cost") }} as row_hash
    from totals

)

select * from final
