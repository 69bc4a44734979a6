-- A version ends where the next one starts, or the life of the entity ends with it: only what was deleted, or
-- left the source, has a gap before it comes back.
{%- set keys = {
    "slv_jobs": ["workspace_id", "job_id"],
    "slv_pipelines": ["workspace_id", "pipeline_id"],
    "slv_clusters": ["workspace_id", "cluster_id"],
    "slv_warehouses": ["workspace_id", "warehouse_id"],
    "slv_workspaces": ["account_id", "workspace_id"],
    "slv_node_types": ["account_id", "node_type"],
} %}

with versions as (

    {%- for snapshot, key in keys.items() %}
    {{ "union all" if not loop.first }}
    select
        '{{ snapshot }}' as snapshot,
        {{ key[0] }} as owner_id,
        {{ key[1] }} as entity_id,
        valid_from,
        valid_to,
        {{ "is_deleted" if key[0] == "workspace_id" else "source_removed_at is not null" }} as is_end_of_life,
        lead(valid_from) over (
            partition by {{ key | join(", ") }} order by valid_from, valid_to nulls last
        ) as next_valid_from
    from {{ ref(snapshot) }}
    {%- endfor %}

),

broken as (

    select *
    from versions
    where
        (not is_end_of_life and not valid_to <=> next_valid_from)
        or (is_end_of_life and valid_to is null)

)

select * from broken
