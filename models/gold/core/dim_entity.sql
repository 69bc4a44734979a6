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
{%- set in_facts = read_changes(ref("int_entities_in_facts"), by_day=false) %}
{%- set reads = listed.values() | map(attribute="read") | list + [in_facts] %}
{%- set touched = members_touched(reads) %}
{%- set whole = touched == "all" %}
{%- set key = ["entity_type", "workspace_id", "entity_id"] %}
{%- set attributes = {
    "entity_name": "string",
    "owner": "string",
    "tags": "map<string,string>",
    "valid_from": "timestamp",
    "valid_to": "timestamp",
    "is_deleted": "boolean",
    "is_unlisted": "boolean",
    "is_known": "boolean",
    "named_at": "timestamp",
} %}
{{ record_reads(reads, touched) }}

with versions as (

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
    where {{ kind.id }} is not null
    {%- endfor %}

),

changed_keys as (

    select
        entity_type,
        workspace_id,
        entity_id
    from {{ rows_to_look_at(in_facts, whole) }}
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
    where entity_type = 'WAREHOUSE' and is_unlisted and is_known
    {%- endif %}

),

members as (

    select
        versions.*,
        false as is_unlisted,
        true as is_known,
        cast(null as timestamp) as named_at
    from versions
    left semi join changed_keys on {{ equal_keys("versions", "changed_keys", key) }}
    union all
    -- What usage and runs name and no source lists stands in for itself.
    select
        in_facts.entity_type,
        in_facts.workspace_id,
        in_facts.entity_id,
        coalesce(in_facts.name, in_facts.entity_id) as entity_name,
        cast(null as string) as owner,
        cast(null as map<string, string>) as tags,
        timestamp'1900-01-01 00:00:00' as valid_from,
        cast(null as timestamp) as valid_to,
        false as is_deleted,
        true as is_unlisted,
        -- Nothing lists endpoints and the like, nor warehouses where that source lacks: their id is all.
        in_facts.entity_type not in ('JOB', 'PIPELINE', 'CLUSTER', 'WAREHOUSE')
        or (
            in_facts.entity_type = 'WAREHOUSE'
            and (select count(*) from {{ as_read(listed.WAREHOUSE.read) }}) = 0
        ) as is_known,
        in_facts.named_at
    from {{ as_read(in_facts) }} as in_facts
    left semi join changed_keys on {{ equal_keys("in_facts", "changed_keys", key) }}
    left anti join versions on {{ equal_keys("in_facts", "versions", key) }}

),

final as (

    select
        {{ surrogate_key(key + ["unix_micros(valid_from)"]) }} as entity_key,
        members.*,
        valid_to is null as is_current,
        {{ content_hash(columns_to_hash(attributes)) }} as row_hash
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
    {%- for attribute in attributes %}
    held.{{ attribute }},
    {%- endfor %}
    held.is_current,
    cast(null as string) as row_hash
from {{ this }} as held
left semi join changed_keys on {{ equal_keys("held", "changed_keys", key) }}
left anti join final on held.entity_key = final.entity_key
{%- endif %}
