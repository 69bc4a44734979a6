{{ config(
    unique_key=["workspace_id", "cluster_id", "change_time"],
    partition_by=["date_key"],
) }}
{%- set read = read_source(
    source("compute", "clusters"),
    watermark="change_time",
    day="change_time",
    entity=["workspace_id", "cluster_id"],
) %}
{{ record_reads([read], read.days) }}

with source as (

    select
        {{ source_column(read, "account_id") }},
        {{ source_column(read, "workspace_id") }},
        {{ source_column(read, "cluster_id") }},
        {{ source_column(read, "cluster_name") }},
        {{ source_column(read, "owned_by") }},
        {{ source_column(read, "create_time") }},
        {{ source_column(read, "delete_time") }},
        {{ source_column(read, "driver_node_type") }},
        {{ source_column(read, "worker_node_type") }},
        {{ source_column(read, "worker_count") }},
        {{ source_column(read, "min_autoscale_workers") }},
        {{ source_column(read, "max_autoscale_workers") }},
        {{ source_column(read, "auto_termination_minutes") }},
        {{ source_column(read, "enable_elastic_disk") }},
        {{ source_column(read, "tags") }},
        {{ source_column(read, "cluster_source") }},
        {{ source_column(read, "init_scripts") }},
        {{ source_column(read, "aws_attributes") }},
        {{ source_column(read, "azure_attributes") }},
        {{ source_column(read, "gcp_attributes") }},
        {{ source_column(read, "driver_instance_pool_id") }},
        {{ source_column(read, "worker_instance_pool_id") }},
        {{ source_column(read, "dbr_version") }},
        {{ source_column(read, "change_time") }},
        {{ source_column(read, "change_date") }},
        {{ source_column(read, "data_security_mode") }},
        {{ source_column(read, "policy_id") }}
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
        partition by workspace_id, cluster_id, change_time
        order by change_time desc nulls last, row_hash desc
    ) = 1

)

select * from final
