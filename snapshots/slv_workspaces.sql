{% snapshot slv_workspaces %}
{{ config(
    unique_key=["account_id", "workspace_id"],
    strategy="check",
    check_cols=["workspace_name", "workspace_url", "create_time", "status"],
    updated_at="observed_at",
    meta={"created_at": "create_time"},
) }}
{%- set workspaces = read_changes(ref("brz_access_workspaces_latest"), by_day=false, from_first=true) %}
{{ record_reads([workspaces], [] if workspaces.mode == "none" else "whole") }}

with seen as (

    -- The change feed has what Bronze has overwritten since.
    select *
    {%- if workspaces.mode == "changes" %}
    from {{ table_changes_of(workspaces) }}
    where _change_type in ('insert', 'update_postimage')
    qualify row_number() over (
        partition by account_id, workspace_id, coalesce(source_removed_at, observed_at)
        order by _commit_version desc
    ) = 1
    {%- else %}
    from {{ as_read(workspaces) }}
    {{ "where false" if workspaces.mode == "none" }}
    {%- endif %}

),

final as (

    select
        account_id,
        workspace_id,
        workspace_name,
        workspace_url,
        create_time,
        status,
        observed_at,
        source_removed_at,
        row_hash
    from seen

)

select * from final

{% endsnapshot %}
