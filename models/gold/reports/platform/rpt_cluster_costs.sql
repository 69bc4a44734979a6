with report_window as (

    {{ report_window() }}

),

daily as (

    select
        costs.*,
        costs.date_key >= report_window.first_date_key as is_recent,
        dates.is_weekend,
        report_window.previous_first_date_key
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.previous_first_date_key and report_window.last_date_key
    inner join {{ ref("dim_date") }} as dates
        on costs.date_key = dates.date_key

),

clusters as (

    select *
    from {{ ref("dim_cluster") }}

),

reach as (

    select min(date_key) as first_usage_date_key
    from {{ ref("fct_cost_daily") }}

),

-- A cluster is its id in its workspace, whatever versions its usage points to.
by_cluster as (

    select
        clusters.workspace_id,
        clusters.cluster_id,
        daily.currency_code,
        sum(case when daily.is_recent then daily.list_cost end) as list_cost,
        sum(
            case
                when not daily.is_recent and reach.first_usage_date_key <= daily.previous_first_date_key
                    then daily.list_cost
            end
        ) as previous_list_cost,
        sum(case when daily.is_recent and daily.is_weekend then daily.list_cost end) as weekend_list_cost,
        count(distinct case when daily.is_recent then daily.date_key end) as active_days,
        count_if(daily.is_recent and daily.unpriced_quantity <> 0) > 0 as has_unpriced_usage,
        max(struct(
            daily.date_key, clusters.valid_from, clusters.cluster_key, daily.workspace_key, daily.entity_key
        )) as newest
    from daily
    inner join clusters
        on daily.cluster_key = clusters.cluster_key
    cross join reach
    group by clusters.workspace_id, clusters.cluster_id, daily.currency_code
    having active_days > 0

),

final as (

    select
        rank() over (order by by_cluster.list_cost desc nulls last) as cost_rank,
        by_cluster.workspace_id,
        if(by_cluster.cluster_id is null, null, workspaces.workspace_name) as workspace_name,
        by_cluster.cluster_id,
        clusters.cluster_name,
        clusters.cluster_source,
        if(by_cluster.cluster_id is null, null, entities.entity_type) as entity_type,
        if(by_cluster.cluster_id is null, null, entities.entity_name) as entity_name,
        if(by_cluster.cluster_id is null, null, coalesce(clusters.owner, entities.owner)) as owner,
        clusters.driver_node_type,
        clusters.worker_node_type,
        clusters.worker_count,
        clusters.max_autoscale_workers,
        clusters.is_autoscaling,
        clusters.auto_termination_minutes,
        clusters.dbr_version,
        clusters.policy_id,
        by_cluster.currency_code,
        by_cluster.list_cost,
        try_divide(
            cast(by_cluster.list_cost as double),
            cast(sum(by_cluster.list_cost) over () as double)
        ) as cost_share,
        by_cluster.previous_list_cost,
        try_divide(
            cast(by_cluster.list_cost - by_cluster.previous_list_cost as double),
            cast(by_cluster.previous_list_cost as double)
        ) as change_ratio,
        by_cluster.weekend_list_cost,
        by_cluster.active_days,
        try_divide(cast(by_cluster.list_cost as double), by_cluster.active_days) as list_cost_per_active_day,
        by_cluster.has_unpriced_usage,
        report_window.first_day,
        report_window.last_day
    from by_cluster
    inner join clusters
        on by_cluster.newest.cluster_key = clusters.cluster_key
    inner join {{ ref("dim_workspace") }} as workspaces
        on by_cluster.newest.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on by_cluster.newest.entity_key = entities.entity_key
    cross join report_window

)

select * from final
