{% snapshot slv_node_types %}
{{ config(
    unique_key=["account_id", "node_type"],
    strategy="check",
    check_cols=["core_count", "memory_mb", "gpu_count"],
    updated_at="observed_at",
    meta={"derived": {"node_category": node_category("node_type", "core_count", "memory_mb", "gpu_count")}},
) }}
{%- set node_types = read_changes(ref("brz_compute_node_types"), by_day=false, from_first=true) %}
{{ record_reads([node_types], [] if node_types.mode == "none" else "whole") }}

with seen as (

    -- The change feed has what Bronze has overwritten since.
    select *
    {%- if node_types.mode == "changes" %}
    from {{ table_changes_of(node_types) }}
    where _change_type in ('insert', 'update_postimage')
    qualify row_number() over (
        partition by account_id, node_type, coalesce(source_removed_at, observed_at)
        order by _commit_version desc
    ) = 1
    {%- else %}
    from {{ as_read(node_types) }}
    {{ "where false" if node_types.mode == "none" }}
    {%- endif %}

),

final as (

    select
        account_id,
        node_type,
        core_count,
        memory_mb,
        gpu_count,
        observed_at,
        source_removed_at,
        row_hash
    from seen

)

select * from final

{% endsnapshot %}
