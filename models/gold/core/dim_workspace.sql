{{ config(
    incremental_strategy="merge_changes",
    unique_key="workspace_key",
) }}
{%- set workspaces = read_changes(ref("brz_access_workspaces_latest"), by_day=false) %}
{%- set usage = read_changes(ref("slv_usage")) %}
{{ record_reads([workspaces, usage], [] if workspaces.mode == "none" and usage.mode == "none" else "whole") }}

with listed as (

    select *
    from {{ as_read(workspaces) }}

),

used as (

    select distinct
        account_id,
        workspace_id
    from {{ table_changes_of(usage) if usage.mode == "changes" else as_read(usage) }}
    {{ "where false" if usage.mode == "none" }}

),

members as (

    select
        account_id,
        workspace_id,
        workspace_name,
        workspace_url,
        status,
        coalesce(create_time, observed_at) as valid_from,
        source_removed_at as valid_to
    from listed
    union all
    -- Usage also names workspaces that the account no longer lists, and none at all where it is charged to
    -- the account.
    select
        used.account_id,
        used.workspace_id,
        coalesce(used.workspace_id, 'account level') as workspace_name,
        cast(null as string) as workspace_url,
        cast(null as string) as status,
        timestamp'1900-01-01 00:00:00' as valid_from,
        cast(null as timestamp) as valid_to
    from used
    left anti join listed
        on used.account_id <=> listed.account_id and used.workspace_id <=> listed.workspace_id

),

final as (

    select
        {{ dbt_utils.generate_surrogate_key(["account_id", "workspace_id"]) }} as workspace_key,
        account_id,
        workspace_id,
        workspace_name,
        workspace_url,
        status,
        valid_from,
        valid_to,
        valid_to is null as is_current,
        sha2(to_json(struct(workspace_name, workspace_url, status, valid_from, valid_to)), 256) as row_hash
    from members

)

select * from final
