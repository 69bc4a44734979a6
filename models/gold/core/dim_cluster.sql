{{ config(
    incremental_strategy="merge_changes",
    unique_key="cluster_key",
) }}
{%- set clusters = read_changes(ref("slv_clusters"), by_day=false) %}
{%- set usage = read_changes(ref("slv_usage")) %}
{%- set touched = members_touched([clusters, usage]) %}
{%- set whole = touched == "all" %}
{%- set key = ["workspace_id", "cluster_id"] %}
{%- set looks_further = may_be_gone([(usage, key | join(", ")), (clusters, key | join(", "))], whole) %}
{%- set attributes = {
    "cluster_name": "string",
    "cluster_source": "string",
    "owner": "string",
    "driver_node_type": "string",
    "worker_node_type": "string",
    "worker_count": "bigint",
    "min_autoscale_workers": "bigint",
    "max_autoscale_workers": "bigint",
    "is_autoscaling": "boolean",
    "auto_termination_minutes": "bigint",
    "dbr_version": "string",
    "dbr_major_version": "int",
    "dbr_minor_version": "int",
    "is_photon_runtime": "boolean",
    "is_ml_runtime": "boolean",
    "is_lts_runtime": "boolean",
    "policy_id": "string",
    "data_security_mode": "string",
    "tags": "map<string, string>",
    "valid_from": "timestamp",
    "valid_to": "timestamp",
    "is_deleted": "boolean",
    "is_unlisted": "boolean",
} %}
{%- set of_stand_ins = {
    "cluster_name": "coalesce(named.cluster_id, 'none')", "valid_from": "timestamp'1900-01-01 00:00:00'",
    "is_deleted": "false", "is_unlisted": "true"
} %}
{{ record_reads([clusters, usage], touched) }}

with listed as (

    select
        slv_clusters.* except (cluster_name, tags),
        coalesce({{ identities_in_text("cluster_name") }}, cluster_id) as cluster_name,
        {{ identities_in_tags("tags") }} as tags,
        {{ identity("owned_by") }} as owner,
        false as is_unlisted
    from {{ as_read(clusters) }} as slv_clusters

),

changed_keys as (

    select
        workspace_id,
        cluster_id
    from {{ rows_to_look_at(usage, whole) }}
    union
    select
        workspace_id,
        cluster_id
    from {{ rows_to_look_at(clusters, whole) }}

),

named_at_hand as (

    select
        workspace_id,
        cluster_id
    from {{ rows_at_hand(usage, whole) }} and cluster_id is not null
    union
    -- The member for usage without a cluster.
    select
        cast(null as string) as workspace_id,
        cast(null as string) as cluster_id

),
{%- if looks_further %}

perhaps_gone as (

    select changed_keys.*
    from changed_keys
    left anti join named_at_hand on {{ equal_keys("changed_keys", "named_at_hand", key) }}
    left anti join listed on {{ equal_keys("changed_keys", "listed", key) }}
    where changed_keys.cluster_id is not null

),
{%- endif %}

named as (

    select *
    from named_at_hand
    {%- if looks_further %}
    union
    select {{ broadcast_hint("perhaps_gone", usage.rows) }}
        usage.workspace_id,
        usage.cluster_id
    from {{ as_read(usage) }} as usage
    left semi join perhaps_gone on {{ equal_keys("usage", "perhaps_gone", key) }}
    {%- endif %}

),

members as (

    select
        listed.workspace_id,
        listed.cluster_id,
        {%- for attribute in attributes %}
        listed.{{ attribute }}{{ "," if not loop.last }}
        {%- endfor %}
    from listed
    left semi join changed_keys on {{ equal_keys("listed", "changed_keys", key) }}
    union all
    -- Clusters that only usage names stand in for themselves.
    select
        named.workspace_id,
        named.cluster_id,
        {%- for attribute, type in attributes.items() %}
        {{ of_stand_ins.get(attribute, "cast(null as " ~ type ~ ")") }} as {{ attribute }}
        {{- "," if not loop.last }}
        {%- endfor %}
    from named
    left anti join listed on {{ equal_keys("named", "listed", key) }}

),

final as (

    select
        {{ surrogate_key(key + ["unix_micros(valid_from)"]) }} as cluster_key,
        members.*,
        valid_to is null as is_current,
        {{ content_hash(columns_to_hash(attributes)) }} as row_hash
    from members

)

select * from final
{%- if touched == "whole" %}
union all
-- The stand-in of a cluster that the source lists by now, or that no usage names any more.
select
    held.cluster_key,
    held.workspace_id,
    held.cluster_id,
    {%- for attribute in attributes %}
    held.{{ attribute }},
    {%- endfor %}
    held.is_current,
    cast(null as string) as row_hash
from {{ this }} as held
left semi join changed_keys on {{ equal_keys("held", "changed_keys", key) }}
left anti join final on held.cluster_key = final.cluster_key
{%- endif %}
