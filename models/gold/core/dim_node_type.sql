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
{{ record_reads(reads, touched) }}

with used as (

    select node_type
    from {{ rows_to_look_at(usage, whole) }}
    union
    select driver_node_type as node_type
    from {{ rows_to_look_at(clusters, whole) }}
    union
    select worker_node_type as node_type
    from {{ rows_to_look_at(clusters, whole) }}
    union
    -- The member for usage without a node type.
    select cast(null as string) as node_type

),

listed as (

    -- What a node type is does not depend on the account that lists it; the newest version describes it.
    select *
    from {{ as_read(node_types) }}
    qualify row_number() over (
        partition by node_type order by valid_to is null desc, valid_from desc, account_id
    ) = 1

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
        used.node_type,
        cast(null as double) as core_count,
        cast(null as bigint) as memory_mb,
        cast(null as bigint) as gpu_count,
        if(used.node_type is null, 'none', 'unknown') as node_category,
        true as is_unlisted
    from used
    left anti join listed on used.node_type = listed.node_type

),

final as (

    select
        {{ surrogate_key(["node_type"]) }} as node_type_key,
        members.*,
        {{ hash_of("core_count, memory_mb, gpu_count, node_category, is_unlisted") }} as row_hash
    from members

)

select * from final
