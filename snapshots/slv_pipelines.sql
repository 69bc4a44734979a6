{% snapshot slv_pipelines %}
{{ config(
    unique_key=["workspace_id", "pipeline_id"],
    strategy="timestamp",
    updated_at="change_time",
    meta={"created_at": "create_time"},
) }}
{%- set pipelines = read_changes(ref("brz_lakeflow_pipelines"), by_day=false) %}
{{ record_reads([pipelines], {"none": [], "changes": "whole", "all": "all"}[pipelines.mode]) }}

with changed_keys as (

    {{ changed_keys(pipelines, ["workspace_id", "pipeline_id"]) }}

),

final as (

    -- All rows of a key, since one of them moves the ends of others. A key that Bronze has no more has one row,
    -- without a time of change.
    select
        changed_keys.workspace_id,
        changed_keys.pipeline_id,
        pipelines.* except (workspace_id, pipeline_id, date_key)
    from changed_keys
    left join {{ as_read(pipelines) }} as pipelines
        on changed_keys.workspace_id <=> pipelines.workspace_id and changed_keys.pipeline_id <=> pipelines.pipeline_id

)

select * from final

{% endsnapshot %}
