{% snapshot slv_warehouses %}
{{ config(
    unique_key=["workspace_id", "warehouse_id"],
    strategy="timestamp",
    updated_at="change_time",
) }}
{%- set warehouses = read_changes(ref("brz_compute_warehouses"), by_day=false) %}
{{ record_reads([warehouses], {"none": [], "changes": "whole", "all": "all"}[warehouses.mode]) }}

with changed_keys as (

    {{ changed_keys(warehouses, ["workspace_id", "warehouse_id"]) }}

),

changed_warehouses as (

    -- All rows of a key, since one of them moves the ends of others.
    select {{ broadcast_hint("changed_keys", warehouses.rows if warehouses.mode == "changes" else none) }}
        warehouses.* except (date_key)
    from {{ as_read(warehouses) }} as warehouses
    left semi join changed_keys
        on
            warehouses.workspace_id <=> changed_keys.workspace_id
            and warehouses.warehouse_id <=> changed_keys.warehouse_id

),

final as (

    -- A key that Bronze has no more has one row, without a time of change.
    select
        changed_keys.workspace_id,
        changed_keys.warehouse_id,
        changed_warehouses.* except (workspace_id, warehouse_id)
    from changed_keys
    left join changed_warehouses
        on
            changed_keys.workspace_id <=> changed_warehouses.workspace_id
            and changed_keys.warehouse_id <=> changed_warehouses.warehouse_id

)

select * from final

{% endsnapshot %}
