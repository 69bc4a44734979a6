{{ config(
    unique_key=["workspace_id", "warehouse_id", "change_time"],
) }}
{%- set read = read_source(
    source("compute", "warehouses"),
    watermark="change_time",
    day="change_time",
    entity=["workspace_id", "warehouse_id"],
) %}
{{ record_reads([read], read.days) }}

with source as (

    select
        {{ source_column(read, "warehouse_id") }},
        {{ source_column(read, "workspace_id") }},
        {{ source_column(read, "account_id") }},
        {{ source_column(read, "warehouse_name") }},
        {{ source_column(read, "warehouse_type") }},
        {{ source_column(read, "warehouse_channel") }},
        {{ source_column(read, "warehouse_size") }},
        {{ source_column(read, "min_clusters") }},
        {{ source_column(read, "max_clusters") }},
        {{ source_column(read, "auto_stop_minutes") }},
        {{ source_column(read, "tags") }},
        {{ source_column(read, "change_time") }},
        {{ source_column(read, "delete_time") }},
        {{ source_column(read, "created_by") }}
    from {{ source_rows(read) }}

),

hashed as (

    select
        source.*,
        {{ date_key("change_time") }} as date_key,
        {{ source_row_hash(read) }} as row_hash
    from source

),

final as (

    -- Several rows with one key: the newest wins, and of equally new ones the one with the greatest hash.
    select *
    from hashed
    where {{ in_days(read.days) }}
    qualify row_number() over (
        partition by workspace_id, warehouse_id, change_time
        order by change_time desc nulls last, row_hash desc
    ) = 1

)

select * from final
