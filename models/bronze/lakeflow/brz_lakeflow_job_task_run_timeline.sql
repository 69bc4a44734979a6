{{ config(
    unique_key=["workspace_id", "run_id", "period_start_time", "period_end_time"],
    partition_by=["date_key"],
    meta={"zorder": ["run_id"]},
) }}
{%- set read = read_source(
    source("lakeflow", "job_task_run_timeline"), watermark="period_end_time", day="period_start_time"
) %}
{{ record_reads([read], read.days) }}

with source as (

    select
        {{ source_column(read, "account_id") }},
        {{ source_column(read, "workspace_id") }},
        {{ source_column(read, "job_id") }},
        {{ source_column(read, "run_id") }},
        {{ source_column(read, "period_start_time") }},
        {{ source_column(read, "period_end_time") }},
        {{ source_column(read, "task_key") }},
        {{ source_column(read, "compute_ids") }},
        {{ source_column(read, "result_state") }},
        {{ source_column(read, "job_run_id") }},
        {{ source_column(read, "parent_run_id") }},
        {{ source_column(read, "termination_code") }},
        {{ source_column(read, "compute") }},
        {{ source_column(read, "termination_type") }},
        {{ source_column(read, "task_parameters") }},
        {{ source_column(read, "setup_duration_seconds") }},
        {{ source_column(read, "cleanup_duration_seconds") }},
        {{ source_column(read, "execution_duration_seconds") }}
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
        partition by workspace_id, run_id, period_start_time, period_end_time
        order by period_end_time desc nulls last, row_hash desc
    ) = 1

)

select * from final
