-- At any time one version of an entity is in effect at most. So there is one current version at most, and it
-- is the last one.
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
        lead(valid_from) over (
            partition by {{ key | join(", ") }} order by valid_from, valid_to nulls last
        ) as next_valid_from
    from {{ ref(snapshot) }}
    {%- endfor %}

),

broken as (

    -- A version may be of no length, where something was deleted in the moment it was made.
    select *
    from versions
    where
        valid_from is null
        or valid_to < valid_from
        or (next_valid_from is not null and valid_to is null)
        or next_valid_from < valid_to

)

select * from broken
