{{ config(
    incremental_strategy="merge_changes",
    unique_key="run_status_key",
) }}
{%- set job_slices = read_changes(ref("brz_lakeflow_job_run_timeline")) %}
{%- set task_slices = read_changes(ref("brz_lakeflow_job_task_run_timeline")) %}
{%- set reads = [job_slices, task_slices] %}
{%- set whole = members_touched(reads) == "all" %}
{#-
    Members come from slices rather than runs: a state that a repair has replaced since stays a member. The
    few of them are always worked out anew, since the seed of causes may have changed.
-#}
{{ record_reads(reads, "whole") }}

with seen as (

    select
        result_state,
        termination_code
    from {{ rows_to_look_at(job_slices, whole) }}
    union
    select
        result_state,
        termination_code
    from {{ rows_to_look_at(task_slices, whole) }}
    {%- if is_merge() %}
    union
    select
        result_state,
        termination_code
    from {{ this }}
    {%- endif %}
    union
    -- Runs that have not finished.
    select
        cast(null as string) as result_state,
        cast(null as string) as termination_code

),

causes as (

    select *
    from {{ ref("termination_causes") }}

),

grouped as (

    select
        seen.*,
        {{ status_group("seen.result_state") }} as status_group,
        causes.failure_cause
    from seen
    left join causes
        on upper(trim(seen.termination_code)) = causes.termination_code

),

final as (

    select
        {{ surrogate_key(["result_state", "termination_code"]) }} as run_status_key,
        result_state,
        termination_code,
        status_group,
        coalesce(status_group = 'failed', false) as is_failure,
        case
            when status_group = 'failed' and upper(trim(result_state)) = 'TIMED_OUT' then 'timeout'
            when status_group = 'failed' then coalesce(failure_cause, 'unknown')
        end as failure_cause,
        sha2(concat_ws('|', status_group, failure_cause), 256) as row_hash
    from grouped

)

select * from final
