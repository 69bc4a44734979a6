{{ config(
    unique_key=["record_id", "record_type"],
    partition_by=["date_key"],
    meta={"zorder": ["record_id"]},
    matched_condition="
        DBT_INTERNAL_DEST.ingestion_date is null
        or DBT_INTERNAL_SOURCE.ingestion_date >= DBT_INTERNAL_DEST.ingestion_date
    ",
) }}
{%- set key = ["record_id", "record_type"] %}
{%- set read = read_source(
    source("billing", "usage"), watermark="ingestion_date", day="usage_date", moving_key=key
) %}
{{ record_reads([read], read.days) }}

with source as (

    select
        {{ source_column(read, "account_id") }},
        {{ source_column(read, "workspace_id") }},
        {{ source_column(read, "record_id") }},
        {{ source_column(read, "sku_name") }},
        {{ source_column(read, "cloud") }},
        {{ source_column(read, "usage_start_time") }},
        {{ source_column(read, "usage_end_time") }},
        {{ source_column(read, "usage_date") }},
        {{ source_column(read, "custom_tags") }},
        {{ source_column(read, "usage_unit") }},
        {{ source_column(read, "usage_quantity") }},
        {{ source_column(read, "usage_metadata") }},
        {{ source_column(read, "identity_metadata") }},
        {{ source_column(read, "record_type") }},
        {{ source_column(read, "ingestion_date") }},
        {{ source_column(read, "billing_origin_product") }},
        {{ source_column(read, "product_features") }},
        {{ source_column(read, "usage_type") }}
    from {{ source_rows(read) }}

),

hashed as (

    select
        source.*,
        {{ date_key("usage_date") }} as date_key,
        {{ source_row_hash(read) }} as row_hash
    from source

),

final as (

    -- Several rows with one key: the newest wins, and of equally new ones the one with the greatest hash.
    select *
    from hashed
    where {{ in_days(read.days) }}
    qualify row_number() over (
        partition by record_id, record_type
        order by ingestion_date desc nulls last, row_hash desc
    ) = 1

)

select * from final
