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

changed_clusters as (

    -- All rows of a key, since one of them moves the ends of others.
    select {{ broadcast_hint("changed_keys", clusters.rows if clusters.mode == "changes" else none) }}
        clusters.* except (date_key)
    from {{ as_read(clusters) }} as clusters
    left semi join changed_keys
        on
            clusters.workspace_id <=> changed_keys.workspace_id
            and clusters.cluster_id <=> changed_keys.cluster_id

),

described as (

    -- A key that Bronze has no more has one row, without a time of change.
    select
        changed_keys.workspace_id,
        changed_keys.cluster_id,
        changed_clusters.* except (workspace_id, cluster_id),
        struct(
            {{ runtime_major_version("dbr_version") }} as dbr_major_version,
            {{ runtime_minor_version("dbr_version") }} as dbr_minor_version,
            {{ runtime_has_word("dbr_version", "photon") }} as is_photon_runtime,
            {{ runtime_has_word("dbr_version", "ml") }} as is_ml_runtime,
            {{ runtime_has_word("dbr_version", "lts") }} as is_lts_runtime,
            max_autoscale_workers is not null as is_autoscaling
        ) as facts
    from changed_keys
    left join changed_clusters
        on
            changed_keys.workspace_id <=> changed_clusters.workspace_id
            and changed_keys.cluster_id <=> changed_clusters.cluster_id

),

final as (

    select
        * except (facts, row_hash),
        facts.*,
        sha2(concat_ws('|', row_hash, to_json(facts)), 256) as row_hash
    from described

)

select * from final

{% endsnapshot %}
