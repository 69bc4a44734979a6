{{ config(
    incremental_strategy="merge_changes",
    unique_key="workspace_key",
) }}
{%- set workspaces = read_changes(ref("slv_workspaces"), by_day=false) %}
{%- set usage = read_changes(ref("slv_usage")) %}
{%- set job_runs = read_changes(ref("slv_job_runs")) %}
{%- set task_runs = read_changes(ref("slv_task_runs")) %}
{%- set users = [usage, job_runs, task_runs] %}
{%- set reads = [workspaces] + users %}
{%- set touched = members_touched(reads) %}
{%- set whole = touched == "all" %}
{%- set key = ["account_id", "workspace_id"] %}
{%- set looks_further = may_be_gone([
    (usage, key | join(", ")), (job_runs, key | join(", ")), (task_runs, key | join(", "))
], whole) %}
{%- set attributes = {
    "workspace_name": "string",
    "workspace_url": "string",
    "status": "string",
    "valid_from": "timestamp",
    "valid_to": "timestamp",
} %}
{{ record_reads(reads, touched) }}

with listed as (

    select *
    from {{ as_read(workspaces) }}

),

changed_keys as (

    {%- for read in reads %}
    {{ "union" if not loop.first }}
    select
        account_id,
        workspace_id
    from {{ rows_to_look_at(read, whole) }}
    {%- endfor %}

),

named_at_hand as (

    {%- for read in users %}
    {{ "union" if not loop.first }}
    select
        account_id,
        workspace_id
    from {{ rows_at_hand(read, whole) }}
    {%- endfor %}

),
{%- if looks_further %}

perhaps_gone as (

    select changed_keys.*
    from changed_keys
    left anti join named_at_hand on {{ equal_keys("changed_keys", "named_at_hand", key) }}
    left anti join listed on {{ equal_keys("changed_keys", "listed", key) }}

),
{%- endif %}

named as (

    select *
    from named_at_hand
    {%- for read in users if looks_further %}
    union
    select {{ broadcast_hint("perhaps_gone", read.rows) }}
        users.account_id,
        users.workspace_id
    from {{ as_read(read) }} as users
    left semi join perhaps_gone on {{ equal_keys("users", "perhaps_gone", key) }}
    {%- endfor %}

),

members as (

    select
        listed.account_id,
        listed.workspace_id,
        coalesce(listed.workspace_name, listed.workspace_id) as workspace_name,
        listed.workspace_url,
        listed.status,
        listed.valid_from,
        listed.valid_to
    from listed
    left semi join changed_keys on {{ equal_keys("listed", "changed_keys", key) }}
    union all
    -- Usage and runs also name workspaces that the account never listed, and usage none at all where it is
    -- charged to the account.
    select
        named.account_id,
        named.workspace_id,
        coalesce(named.workspace_id, 'account level') as workspace_name,
        cast(null as string) as workspace_url,
        cast(null as string) as status,
        timestamp'1900-01-01 00:00:00' as valid_from,
        cast(null as timestamp) as valid_to
    from named
    left anti join listed on {{ equal_keys("named", "listed", key) }}

),

final as (

    select
        {{ surrogate_key(key + ["unix_micros(valid_from)"]) }} as workspace_key,
        members.*,
        valid_to is null as is_current,
        {{ content_hash(columns_to_hash(attributes)) }} as row_hash
    from members

)

select * from final
{%- if touched == "whole" %}
union all
-- The stand-in of a workspace that the account lists by now, or that nothing names any more.
select
    held.workspace_key,
    held.account_id,
    held.workspace_id,
    {%- for attribute in attributes %}
    held.{{ attribute }},
    {%- endfor %}
    held.is_current,
    cast(null as string) as row_hash
from {{ this }} as held
left semi join changed_keys on {{ equal_keys("held", "changed_keys", key) }}
left anti join final on held.workspace_key = final.workspace_key
{%- endif %}
