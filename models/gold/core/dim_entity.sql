{{ config(
    incremental_strategy="merge_changes",
    unique_key="entity_key",
) }}
{%- set listed = {
    "JOB": {
        "read": read_changes(ref("slv_jobs"), by_day=false),
        "id": "job_id",
        "name": "name",
        "owner": "coalesce(run_as_user_name, creator_user_name, run_as, creator_id)",
    },
    "PIPELINE": {
        "read": read_changes(ref("slv_pipelines"), by_day=false),
        "id": "pipeline_id",
        "name": "name",
        "owner": "coalesce(run_as, created_by)",
    },
    "CLUSTER": {
        "read": read_changes(ref("slv_clusters"), by_day=false),
        "id": "cluster_id",
        "name": "cluster_name",
        "owner": "owned_by",
    },
    "WAREHOUSE": {
        "read": read_changes(ref("slv_warehouses"), by_day=false),
        "id": "warehouse_id",
        "name": "warehouse_name",
        "owner": "created_by",
    },
} %}
{%- set usage = read_changes(ref("slv_usage")) %}
{%- set job_runs = read_changes(ref("slv_job_runs")) %}
{%- set task_runs = read_changes(ref("slv_task_runs")) %}
{%- set runs = [job_runs, task_runs] %}
{%- set reads = listed.values() | map(attribute="read") | list + [usage, job_runs, task_runs] %}
{%- set touched = members_touched(reads) %}
{%- set whole = touched == "all" %}
{%- set key = ["entity_type", "workspace_id", "entity_id"] %}
{#- Usage that was corrected or went to the quarantine may have been the last to name its member. -#}
{%- set may_be_gone = not whole and usage.mode == "changes" and run_query(
    "select 1 from " ~ table_changes_of(usage)
    ~ " where _change_type in ('delete', 'update_preimage') limit 1"
).rows | length > 0 %}
{{ record_reads(reads, touched) }}

with used as (

    -- Who usage and runs name, whether or not a source lists them.
    select
        entity_type,
        workspace_id,
        entity_id,
        {{ kind_of_change(usage, whole) }} as change_type,
        usage_start_time,
        case entity_type
            when 'ENDPOINT' then {{ identities_in_text("usage_metadata.endpoint_name") }}
            when 'APP' then {{ identities_in_text("usage_metadata.app_name") }}
            when 'NOTEBOOK' then {{ identities_in_path("usage_metadata.notebook_path") }}
        end as name
    from {{ rows_to_look_at(usage, whole) }}
    {%- for read in runs %}
    union all
    select
        'JOB' as entity_type,
        workspace_id,
        coalesce(job_id, 'UNKNOWN') as entity_id,
        {{ kind_of_change(read, whole) }} as change_type,
        cast(null as timestamp) as usage_start_time,
        cast(null as string) as name
    from {{ rows_to_look_at(read, whole) }}
    {%- endfor %}

),

changed_keys as (

    select
        entity_type,
        workspace_id,
        entity_id
    from used
    {%- for entity_type, kind in listed.items() %}
    union
    select
        '{{ entity_type }}' as entity_type,
        workspace_id,
        {{ kind.id }} as entity_id
    from {{ rows_to_look_at(kind.read, whole) }}
    {%- endfor %}
    {%- if not whole and listed.WAREHOUSE.read.mode == "changes" %}
    union
    -- Unlisted warehouses are unknown from the moment that the source lists any.
    select
        entity_type,
        workspace_id,
        entity_id
    from {{ this }}
    where entity_type = 'WAREHOUSE' and is_unlisted
    {%- endif %}

),

versions as (

    {%- for entity_type, kind in listed.items() %}
    {{ "union all" if not loop.first }}
    select
        '{{ entity_type }}' as entity_type,
        workspace_id,
        {{ kind.id }} as entity_id,
        coalesce({{ identities_in_text(kind.name) }}, {{ kind.id }}) as entity_name,
        {{ identity(kind.owner) }} as owner,
        {{ identities_in_tags("tags") }} as tags,
        valid_from,
        valid_to,
        is_deleted
    from {{ as_read(kind.read) }}
    {%- endfor %}

),

changed_versions as (

    select versions.*
    from versions
    left semi join changed_keys on {{ equal_keys("versions", "changed_keys", key) }}

),

used_now as (

    select distinct
        entity_type,
        workspace_id,
        entity_id
    from used
    where change_type in ('insert', 'update_postimage')
    {%- if not whole %}
    union
    select
        entity_type,
        workspace_id,
        entity_id
    from {{ this }}
    where is_unlisted
    {%- endif %}
    {%- if may_be_gone %}
    except
    select
        entity_type,
        workspace_id,
        entity_id
    from (
        select
            entity_type,
            workspace_id,
            entity_id
        from used
        where change_type in ('delete', 'update_preimage')
        except
        select
            entity_type,
            workspace_id,
            entity_id
        from {{ as_read(usage) }}
        {%- for read in runs %}
        except
        select
            'JOB' as entity_type,
            workspace_id,
            coalesce(job_id, 'UNKNOWN') as entity_id
        from {{ as_read(read) }}
        {%- endfor %}
    ) as no_longer_used
    {%- endif %}

),

names as (

    -- Endpoints, apps and notebooks have no table of their own: the newest usage names them.
    select
        entity_type,
        workspace_id,
        entity_id,
        max(struct(usage_start_time, name)) as newest
    from (
        select
            entity_type,
            workspace_id,
            entity_id,
            usage_start_time,
            name
        from used
        where name is not null and change_type in ('insert', 'update_postimage')
        {%- if not whole %}
        union all
        select
            entity_type,
            workspace_id,
            entity_id,
            named_at as usage_start_time,
            entity_name as name
        from {{ this }}
        where named_at is not null
        {%- endif %}
    ) as named
    group by entity_type, workspace_id, entity_id

),

unlisted as (

    select
        used_now.entity_type,
        used_now.workspace_id,
        used_now.entity_id,
        coalesce(names.newest.name, used_now.entity_id) as entity_name,
        names.newest.usage_start_time as named_at
    from used_now
    left semi join changed_keys on {{ equal_keys("used_now", "changed_keys", key) }}
    left anti join versions on {{ equal_keys("used_now", "versions", key) }}
    left join names on {{ equal_keys("used_now", "names", key) }}

),

members as (

    select
        entity_type,
        workspace_id,
        entity_id,
        entity_name,
        owner,
        tags,
        valid_from,
        valid_to,
        is_deleted,
        false as is_unlisted,
        true as is_known,
        cast(null as timestamp) as named_at
    from changed_versions
    union all
    select
        entity_type,
        workspace_id,
        entity_id,
        entity_name,
        cast(null as string) as owner,
        cast(null as map<string, string>) as tags,
        timestamp'1900-01-01 00:00:00' as valid_from,
        cast(null as timestamp) as valid_to,
        false as is_deleted,
        true as is_unlisted,
        -- Nothing lists endpoints and the like, nor warehouses where their system table is not enabled: there
        -- is nothing to know beyond the id.
        entity_type not in ('JOB', 'PIPELINE', 'CLUSTER', 'WAREHOUSE')
        or (
            entity_type = 'WAREHOUSE'
            and (select count(*) from {{ as_read(listed.WAREHOUSE.read) }}) = 0
        ) as is_known,
        named_at
    from unlisted

),

final as (

    select
        {{ surrogate_key(key + ["unix_micros(valid_from)"]) }} as entity_key,
        entity_type,
        workspace_id,
        entity_id,
        entity_name,
        owner,
        tags,
        valid_from,
        valid_to,
        valid_to is null as is_current,
        is_deleted,
        is_unlisted,
        is_known,
        named_at,
        {{ content_hash([
            {"name": "entity_name", "expression": "entity_name", "type": "string"},
            {"name": "owner", "expression": "owner", "type": "string"},
            {"name": "tags", "expression": "tags", "type": "map<string,string>"},
            {"name": "valid_to", "expression": "valid_to", "type": "timestamp"},
            {"name": "is_deleted", "expression": "is_deleted", "type": "boolean"},
            {"name": "is_unlisted", "expression": "is_unlisted", "type": "boolean"},
            {"name": "is_known", "expression": "is_known", "type": "boolean"},
            {"name": "named_at", "expression": "named_at", "type": "timestamp"},
        ]) }} as row_hash
    from members

)

select * from final
{%- if touched == "whole" %}
union all
-- Versions that a changed member no longer has, such as the one that stood in before a source listed it.
select
    held.entity_key,
    held.entity_type,
    held.workspace_id,
    held.entity_id,
    held.entity_name,
    held.owner,
    held.tags,
    held.valid_from,
    held.valid_to,
    held.is_current,
    held.is_deleted,
    held.is_unlisted,
    held.is_known,
    held.named_at,
    cast(null as string) as row_hash
from {{ this }} as held
left semi join changed_keys on {{ equal_keys("held", "changed_keys", key) }}
left anti join final on held.entity_key = final.entity_key
{%- endif %}
