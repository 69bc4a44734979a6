{{ config(
    incremental_strategy="rebuild_days",
    unique_key=["date_key", "workspace_key", "entity_key"],
    partition_by=["date_key"],
    meta={"zorder": ["workspace_key", "entity_key"]},
) }}
{%- set runs = read_changes(ref("fct_job_runs")) %}
{#- A run counts on the day it ended, which need not be the day it started. -#}
{%- set days = runs.days if runs.mode != "changes" else days_of(
    "select distinct end_date_key from " ~ table_changes_of(runs) ~ " where end_date_key is not null"
) %}
{{ record_reads([runs], days) }}

with finished as (

    select *
    from {{ as_read(runs) }}
    -- Without any end in the source it ended on no day that is known.
    where is_finished and end_date_key is not null and {{ in_days(days, "end_date_key") }}

),

counted as (

    select
        end_date_key as date_key,
        workspace_key,
        entity_key,
        count(*) as finished_runs,
        count_if(status_group = 'succeeded') as succeeded_runs,
        count_if(status_group = 'failed') as failed_runs,
        count_if(status_group = 'cancelled') as cancelled_runs,
        count_if(status_group = 'skipped') as skipped_runs,
        count_if(status_group = 'other') as other_runs
    from finished
    group by end_date_key, workspace_key, entity_key

),

final as (

    select
        counted.*,
        sha2(concat_ws(
            '|', finished_runs, succeeded_runs, failed_runs, cancelled_runs, skipped_runs, other_runs
        ), 256) as row_hash
    from counted

)

select * from final
