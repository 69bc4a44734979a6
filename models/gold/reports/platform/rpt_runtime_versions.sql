with report_window as (

    {{ report_window() }}

),

clusters as (

    select *
    from {{ ref("dim_cluster") }}
    where cluster_id is not null

),

support as (

    select *
    from {{ ref("runtime_support") }}

),

newest_lts as (

    select max(struct(support.dbr_major_version, support.dbr_minor_version)) as version
    from support
    inner join report_window
        on support.release_date <= report_window.last_day
    where support.is_lts

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
        clusters.workspace_id,
        clusters.cluster_id,
        struct(costs.entity_type, costs.workspace_id, costs.entity_id) as entity,
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
        clusters.workspace_id,
        clusters.cluster_id,
        struct('CLUSTER' as entity_type, clusters.workspace_id, clusters.cluster_id as entity_id) as entity,
        clusters.cluster_name as entity_name,
        clusters.owner,
        cast(null as decimal(38, 18)) as list_cost
    from clusters
    left anti join costs
        on clusters.cluster_key = costs.cluster_key
    where clusters.is_current and clusters.cluster_source in ('UI', 'API') and not clusters.is_unlisted

),

by_entity as (

    select
        dbr_version,
        dbr_major_version,
        dbr_minor_version,
        entity,
        max(entity_name) as entity_name,
        max(owner) as owner,
        collect_set(struct(workspace_id, cluster_id)) as clusters,
        sum(list_cost) as list_cost
    from placed
    group by dbr_version, dbr_major_version, dbr_minor_version, entity

),

by_version as (

    select
        dbr_version,
        dbr_major_version,
        dbr_minor_version,
        size(array_distinct(flatten(collect_list(clusters)))) as cluster_count,
        count(*) as entity_count,
        max_by(entity_name, coalesce(list_cost, 0)) as main_entity_name,
        array_sort(collect_set(owner)) as owners,
        sum(list_cost) as list_cost
    from by_entity
    group by dbr_version, dbr_major_version, dbr_minor_version

),

judged as (

    select
        by_version.*,
        support.is_lts,
        support.release_date,
        support.end_of_support_date,
        datediff(support.end_of_support_date, report_window.last_day) as support_days_left,
        case
            when support.end_of_support_date is null then 'unknown'
            when support.end_of_support_date < report_window.last_day then 'ended'
            when support.end_of_support_date <= date_add(report_window.last_day, support.notice_days)
                then 'ends_soon'
            else 'supported'
        end as support_status,
        report_window.first_day,
        report_window.last_day
    from by_version
    cross join report_window
    left join support
        on
            by_version.dbr_major_version = support.dbr_major_version
            and by_version.dbr_minor_version = support.dbr_minor_version

),

final as (

    select
        rank() over (
            order by
                array_position(array('ended', 'ends_soon', 'unknown', 'supported'), judged.support_status),
                judged.list_cost desc nulls last
        ) as upgrade_priority,
        judged.dbr_version,
        judged.dbr_major_version,
        judged.dbr_minor_version,
        judged.is_lts,
        judged.release_date,
        judged.end_of_support_date,
        judged.support_days_left,
        judged.support_status,
        if(
            judged.support_status in ('ended', 'ends_soon'),
            concat(newest_lts.version.dbr_major_version, '.', newest_lts.version.dbr_minor_version),
            null
        ) as upgrade_to,
        judged.cluster_count,
        judged.entity_count,
        judged.main_entity_name,
        judged.owners,
        '{{ var("reporting_currency") }}' as currency_code,
        judged.list_cost,
        try_divide(
            cast(judged.list_cost as double), cast(sum(judged.list_cost) over () as double)
        ) as cost_share,
        judged.first_day,
        judged.last_day
    from judged
    cross join newest_lts

)

select * from final
