{{ config(
    incremental_strategy="merge_changes",
    unique_key="node_type_key",
) }}
{%- set node_types = read_changes(ref("slv_node_types"), by_day=false) %}
{%- set usage = read_changes(ref("slv_usage")) %}
{%- set clusters = read_changes(ref("slv_clusters"), by_day=false) %}
{%- set reads = [node_types, usage, clusters] %}
{%- set touched = members_touched(reads) %}
{%- set whole = touched == "all" %}
{%- set looks_further = may_be_gone([
    (usage, "node_type"), (clusters, "driver_node_type"), (clusters, "worker_node_type")
], whole) %}
{{ record_reads(reads, touched) }}

with listed as (

    -- What a node type is does not depend on the account that lists it; the newest version describes it.
    select *
    from {{ as_read(node_types) }}
    where node_type is not null
    qualify row_number() over (
        partition by node_type order by valid_to is null desc, valid_from desc, account_id
    ) = 1

),

named_at_hand as (

    select node_type
    from {{ rows_at_hand(usage, whole) }}
    union
    select driver_node_type as node_type
    from {{ as_read(clusters) }}
    union
    select worker_node_type as node_type
    from {{ as_read(clusters) }}
    union
    -- The member for usage without a node type.
    select cast(null as string) as node_type

),
{%- if not whole %}

changed_keys as (

    select node_type
    from {{ rows_to_look_at(usage, whole) }}
    union
    select driver_node_type as node_type
    from {{ rows_to_look_at(clusters, whole) }}
    union
    select worker_node_type as node_type
    from {{ rows_to_look_at(clusters, whole) }}
    union
    select node_type
    from {{ rows_to_look_at(node_types, whole) }}

),
{%- endif %}
{%- if looks_further %}

perhaps_gone as (

    select changed_keys.node_type
    from changed_keys
    left anti join named_at_hand on changed_keys.node_type <=> named_at_hand.node_type
    left anti join listed on changed_keys.node_type = listed.node_type

),
{%- endif %}

named as (

    select node_type
    from named_at_hand
    {%- if looks_further %}
    union
    select {{ broadcast_hint("perhaps_gone", usage.rows) }}
        usage.node_type
    from {{ as_read(usage) }} as usage
    left semi join perhaps_gone on usage.node_type = perhaps_gone.node_type
    {%- endif %}

),

members as (

    select
        node_type,
        core_count,
        memory_mb,
        gpu_count,
        node_category,
        false as is_unlisted
    from listed
    union all
    select
        named.node_type,
        cast(null as double) as core_count,
        cast(null as bigint) as memory_mb,
        cast(null as bigint) as gpu_count,
        if(named.node_type is null, 'none', 'unknown') as node_category,
        true as is_unlisted
    from named
    left anti join listed on named.node_type = listed.node_type

),

final as (

    select
        {{ surrogate_key(["node_type"]) }} as node_type_key,
        members.*,
        {{ hash_of("core_count, memory_mb, gpu_count, node_category, is_unlisted") }} as row_hash
    from members

)

select * from final
{%- if touched == "whole" %}
union all
-- Node types that nothing names any more.
select
    held.node_type_key,
    held.node_type,
    held.core_count,
    held.memory_mb,
    held.gpu_count,
    held.node_category,
    held.is_unlisted,
    cast(null as string) as row_hash
from {{ this }} as held
left semi join changed_keys on held.node_type <=> changed_keys.node_type
left anti join final on held.node_type_key = final.node_type_key
{%- endif %}
