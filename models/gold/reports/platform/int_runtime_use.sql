with report_window as (

    {{ report_window() }}

),

clusters as (

    select *
    from {{ ref("dim_cluster") }}
    where cluster_id is not null

),

costs as (

    select
        costs.cluster_key,
        entities.entity_type,
        entities.workspace_id,
        entities.entity_id,
        max_by(entities.entity_name, entities.valid_from) as entity_name,
        max_by(entities.owner, entities.valid_from) as owner,
        sum(costs.list_cost) as list_cost
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.first_date_key and report_window.last_date_key
    inner join {{ ref("dim_entity") }} as entities
        on costs.entity_key = entities.entity_key
    group by costs.cluster_key, entities.entity_type, entities.workspace_id, entities.entity_id

),

placed as (

    select
        clusters.dbr_version,
        clusters.dbr_major_version,
        clusters.dbr_minor_version,
        struct(clusters.workspace_id, clusters.cluster_id) as cluster,
        costs.entity_type,
        costs.workspace_id,
        costs.entity_id,
        costs.entity_name,
        coalesce(costs.owner, clusters.owner) as owner,
        costs.list_cost
    from costs
    inner join clusters
        on costs.cluster_key = clusters.cluster_key
    union all
    -- Interactive clusters that nobody used lately, but anybody may start.
    select
        clusters.dbr_version,
        clusters.dbr_major_version,
        clusters.dbr_minor_version,
        struct(clusters.workspace_id, clusters.cluster_id) as cluster,
        'CLUSTER' as entity_type,
        clusters.workspace_id,
        clusters.cluster_id as entity_id,
        clusters.cluster_name as entity_name,
        clusters.owner,
        cast(null as decimal(38, 18)) as list_cost
    from clusters
    left anti join costs
        on clusters.cluster_key = costs.cluster_key
    where clusters.is_current and clusters.cluster_source in ('UI', 'API') and not clusters.is_unlisted

),

final as (

    select
        dbr_version,
        dbr_major_version,
        dbr_minor_version,
        entity_type,
        workspace_id,
        entity_id,
        max(entity_name) as entity_name,
        max(owner) as owner,
        collect_set(cluster) as clusters,
        sum(list_cost) as list_cost
    from placed
    group by dbr_version, dbr_major_version, dbr_minor_version, entity_type, workspace_id, entity_id

)

select * from final
