{{ config(
    unique_key=["sku_name", "cloud", "currency_code", "usage_unit", "price_start_time"],
) }}
{%- set key = ["sku_name", "cloud", "currency_code", "usage_unit", "price_start_time"] %}
{%- set read = read_source(source("billing", "list_prices")) %}
{{ record_reads([read], read.days) }}

with source as (

    select
        {{ source_column(read, "account_id") }},
        {{ source_column(read, "price_start_time") }},
        {{ source_column(read, "price_end_time") }},
        {{ source_column(read, "sku_name") }},
        {{ source_column(read, "cloud") }},
        {{ source_column(read, "currency_code") }},
        {{ source_column(read, "usage_unit") }},
        {{ source_column(read, "pricing") }}
    from {{ source_rows(read) }}

),

present as (

    select
        source.*,
        {{ date_key("price_start_time") }} as date_key,
        {{ observed_at() }} as observed_at,
        cast(null as timestamp) as source_removed_at,
        {{ source_row_hash(read) }} as row_hash
    from source
    qualify row_number() over (
        partition by sku_name, cloud, currency_code, usage_unit, price_start_time
        order by row_hash desc
    ) = 1

)
{%- if is_merge() %},

removed as (

    -- The table holds only what exists now. What left it stays here, marked, with another hash so that the
    -- merge writes the mark once.
    select
        held.account_id,
        held.price_start_time,
        held.price_end_time,
        held.sku_name,
        held.cloud,
        held.currency_code,
        held.usage_unit,
        held.pricing,
        held.date_key,
        {{ observed_at() }} as observed_at,
        {{ observed_at() }} as source_removed_at,
        concat('removed ', held.row_hash) as row_hash
    from {{ this }} as held
    left anti join present
        on {{ equal_keys("held", "present", key) }}
    where held.source_removed_at is null

)
{%- endif %}

select * from present
{%- if is_merge() %}
union all
select * from removed
{%- endif %}
