{{ config(
    unique_key=["workspace_id", "update_id", "period_start_time"],
    partition_by=["date_key"],
    matched_condition="
        DBT_INTERNAL_DEST.period_end_time is null
        or DBT_INTERNAL_SOURCE.period_end_time >= DBT_INTERNAL_DEST.period_end_time
    ",
) }}
{%- set read = read_source(
    source("lakeflow", "pipeline_update_timeline"), watermark="period_end_time", day="period_start_time"
) %}
{{ record_reads([read], read.days) }}

with source as (

    select
        {{ source_column(read, "workspace_id") }},
        {{ source_column(read, "pipeline_id") }},
        {{ source_column(read, "update_id") }},
        {{ source_column(read, "update_type") }},
        {{ source_column(read, "request_id") }},
        {{ source_column(read, "run_as_user_name") }},
        {{ source_column(read, "trigger_type") }},
        {{ source_column(read, "trigger_details") }},
        {{ source_column(read, "result_state") }},
        {{ source_column(read, "compute") }},
        {{ source_column(read, "period_start_time") }},
        {{ source_column(read, "period_end_time") }},
        {{ source_column(read, "refresh_selection") }},
        {{ source_column(read, "full_refresh_selection") }},
        {{ source_column(read, "reset_checkpoint_selection") }},
        {{ source_column(read, "account_id") }}
    from {{ source_rows(read) }}

),

hashed as (

    select
        source.*,
        {{ date_key("period_start_time") }} as date_key,
        {{ source_row_hash(read) }} as row_hash
    from source

),

final as (

    -- Several rows with one key: the newest wins, and of equally new ones the one with the greatest hash.
    select *
    from hashed
    where {{ in_days(read.days) }}
    qualify row_number() over (
        partition by workspace_id, update_id, period_start_time
        order by period_end_time desc nulls last, row_hash desc
    ) = 1

)

select * from final
