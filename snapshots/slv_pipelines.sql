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

changed_pipelines as (

    -- All rows of a key, since one of them moves the ends of others.
    select {{ broadcast_hint("changed_keys", pipelines.rows if pipelines.mode == "changes" else none) }}
        pipelines.* except (date_key)
    from {{ as_read(pipelines) }} as pipelines
    left semi join changed_keys
        on
            pipelines.workspace_id <=> changed_keys.workspace_id
            and pipelines.pipeline_id <=> changed_keys.pipeline_id

),

final as (

    -- A key that Bronze has no more has one row, without a time of change.
    select
        changed_keys.workspace_id,
        changed_keys.pipeline_id,
        changed_pipelines.* except (workspace_id, pipeline_id)
    from changed_keys
    left join changed_pipelines
        on
            changed_keys.workspace_id <=> changed_pipelines.workspace_id
            and changed_keys.pipeline_id <=> changed_pipelines.pipeline_id

)

select * from final

{% endsnapshot %}
