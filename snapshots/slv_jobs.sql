{% snapshot slv_jobs %}
{{ config(
    unique_key=["workspace_id", "job_id"],
    strategy="timestamp",
    updated_at="change_time",
    meta={"created_at": "create_time"},
) }}
{%- set jobs = read_changes(ref("brz_lakeflow_jobs"), by_day=false) %}
{{ record_reads([jobs], {"none": [], "changes": "whole", "all": "all"}[jobs.mode]) }}

with changed_keys as (

    {{ changed_keys(jobs, ["workspace_id", "job_id"]) }}

),

changed_jobs as (

    -- All rows of a key, since one of them moves the ends of others.
    select {{ broadcast_hint("changed_keys", jobs.rows if jobs.mode == "changes" else none) }}
        jobs.* except (date_key)
    from {{ as_read(jobs) }} as jobs
    left semi join changed_keys
        on jobs.workspace_id <=> changed_keys.workspace_id and jobs.job_id <=> changed_keys.job_id

),

final as (

    -- A key that Bronze has no more has one row, without a time of change.
    select
        changed_keys.workspace_id,
        changed_keys.job_id,
        changed_jobs.* except (workspace_id, job_id)
    from changed_keys
    left join changed_jobs
        on
            changed_keys.workspace_id <=> changed_jobs.workspace_id
            and changed_keys.job_id <=> changed_jobs.job_id

)

select * from final

{% endsnapshot %}
