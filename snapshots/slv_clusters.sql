{% snapshot slv_clusters %}
{{ config(
    unique_key=["workspace_id", "cluster_id"],
    strategy="timestamp",
    updated_at="change_time",
    meta={"created_at": "create_time"},
) }}
{%- set clusters = read_changes(ref("brz_compute_clusters"), by_day=false) %}
{{ record_reads([clusters], {"none": [], "changes": "whole", "all": "all"}[clusters.mode]) }}

with changed_keys as (

    {{ changed_keys(clusters, ["workspace_id", "cluster_id"]) }}

),

clusters as (

    -- All rows of a key, since one of them moves the ends of others. A key that Bronze has no more has one row,
    -- without a time of change.
    select
        changed_keys.workspace_id,
        changed_keys.cluster_id,
        clusters.* except (workspace_id, cluster_id, date_key),
        struct(
            {{ runtime_major_version("dbr_version") }} as dbr_major_version,
            {{ runtime_minor_version("dbr_version") }} as dbr_minor_version,
            {{ runtime_has_word("dbr_version", "photon") }} as is_photon_runtime,
            {{ runtime_has_word("dbr_version", "ml") }} as is_ml_runtime,
            {{ runtime_has_word("dbr_version", "lts") }} as is_lts_runtime,
            max_autoscale_workers is not null as is_autoscaling
        ) as derived
    from changed_keys
    left join {{ as_read(clusters) }} as clusters
        on changed_keys.workspace_id <=> clusters.workspace_id and changed_keys.cluster_id <=> clusters.cluster_id

),

final as (

    select
        * except (derived, row_hash),
        derived.*,
        sha2(concat_ws('|', row_hash, to_json(derived)), 256) as row_hash
    from clusters

)

select * from final

{% endsnapshot %}
