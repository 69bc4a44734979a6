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

final as (

    -- All rows of a key, since one of them moves the ends of others. A key that Bronze has no more has one row,
    -- without a time of change.
    select
        changed_keys.workspace_id,
        changed_keys.job_id,
        jobs.* except (workspace_id, job_id, date_key)
    from changed_keys
    left join {{ as_read(jobs) }} as jobs
        on changed_keys.workspace_id <=> jobs.workspace_id and changed_keys.job_id <=> jobs.job_id

)

select * from final

{% endsnapshot %}
