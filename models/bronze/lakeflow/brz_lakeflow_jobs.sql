{{ config(
    unique_key=["workspace_id", "job_id", "change_time"],
) }}
{%- set read = read_source(
    source("lakeflow", "jobs"),
    watermark="change_time",
    day="change_time",
    entity=["workspace_id", "job_id"],
) %}
{{ record_reads([read], read.days) }}

with source as (

    select
        {{ source_column(read, "account_id") }},
        {{ source_column(read, "workspace_id") }},
        {{ source_column(read, "job_id") }},
        {{ source_column(read, "name") }},
        {{ source_column(read, "creator_id") }},
        {{ source_column(read, "tags") }},
        {{ source_column(read, "run_as") }},
        {{ source_column(read, "change_time") }},
        {{ source_column(read, "delete_time") }},
        {{ source_column(read, "description") }},
        {{ source_column(read, "trigger") }},
        {{ source_column(read, "trigger_type") }},
        {{ source_column(read, "run_as_user_name") }},
        {{ source_column(read, "creator_user_name") }},
        {{ source_column(read, "paused") }},
        {{ source_column(read, "timeout_seconds") }},
        {{ source_column(read, "health_rules") }},
        {{ source_column(read, "deployment") }},
        {{ source_column(read, "create_time") }}
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
        partition by workspace_id, job_id, change_time
        order by change_time desc nulls last, row_hash desc
    ) = 1

)

select * from final
