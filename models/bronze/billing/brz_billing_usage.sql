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
{%- if is_merge() %}

held_elsewhere as (

    -- A row that came after the days were found, and whose older row is on none of them: written now it would
    -- stand beside that one. It waits for the next build, which reads it again and looks at both days.
    select distinct
        held.record_id,
        held.record_type
    from {{ this }} as held
    left semi join hashed
        on {{ equal_keys("held", "hashed", key) }}
    where {{ outside_days(read.days, "held.date_key") }}

),
{%- endif %}

final as (

    -- Several rows with one key: the newest wins, and of equally new ones the one with the greatest hash.
    select hashed.*
    from hashed
    {%- if is_merge() %}
    left anti join held_elsewhere
        on {{ equal_keys("hashed", "held_elsewhere", key) }}
    {%- endif %}
    where {{ in_days(read.days, "hashed.date_key") }}
    qualify row_number() over (
        partition by hashed.record_id, hashed.record_type
        order by hashed.ingestion_date desc nulls last, hashed.row_hash desc
    ) = 1

)

select * from final
