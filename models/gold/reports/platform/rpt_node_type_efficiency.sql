{{ config(materialized=var("heavy_reports_materialized")) }}
with report_window as (

    {{ report_window(["brz_billing_usage", "brz_lakeflow_job_run_timeline"]) }}

),

usage as (

    select
        usage.node_type_key,
        usage.cluster_key,
        usage.workspace_id,
        usage.job_run_id,
        usage.usage_start_time,
        usage.usage_end_time,
        usage.usage_unit,
        usage.usage_quantity,
        usage.list_cost
    from {{ ref("fct_usage") }} as usage
    inner join report_window
        on usage.date_key between report_window.first_date_key and report_window.last_date_key

),

failed_runs as (

    select distinct
        workspace_id,
        run_id
    from {{ ref("fct_job_runs") }}
    where is_failure

),

-- One row an hour of a cluster: an hour has several records where it has several SKUs or corrections.
cluster_hours as (

    select
        usage.node_type_key,
        usage.cluster_key,
        usage.usage_start_time,
        usage.usage_end_time,
        sum(case when usage.usage_unit = 'DBU' then usage.usage_quantity end) as dbus,
        sum(usage.list_cost) as list_cost,
        sum(case when failed_runs.run_id is not null then usage.list_cost end) as failed_list_cost
    from usage
    left join failed_runs
        on usage.workspace_id <=> failed_runs.workspace_id and usage.job_run_id = failed_runs.run_id
    group by usage.node_type_key, usage.cluster_key, usage.usage_start_time, usage.usage_end_time

),

sized as (

    select
        cluster_hours.*,
        clusters.workspace_id,
        clusters.cluster_id,
        clusters.is_ml_runtime,
        node_types.node_type,
        node_types.core_count,
        node_types.gpu_count,
        (unix_timestamp(cluster_hours.usage_end_time) - unix_timestamp(cluster_hours.usage_start_time))
        / 3600.0d as hours,
        -- How many of this type the cluster has: not known while the number of workers follows the load.
        if(clusters.driver_node_type = node_types.node_type, 1, 0)
        + if(clusters.worker_node_type = node_types.node_type, clusters.worker_count, 0) as nodes
    from cluster_hours
    inner join {{ ref("dim_cluster") }} as clusters
        on cluster_hours.cluster_key = clusters.cluster_key
    inner join {{ ref("dim_node_type") }} as node_types
        on cluster_hours.node_type_key = node_types.node_type_key

),

by_node_type as (

    select
        node_type_key,
        count(distinct workspace_id, cluster_id) as cluster_count,
        sum(dbus) as dbus,
        sum(list_cost) as list_cost,
        sum(failed_list_cost) as failed_list_cost,
        sum(if(gpu_count > 0 and not is_ml_runtime, list_cost, null)) as gpu_list_cost_without_ml,
        sum(if(dbus > 0 and nodes > 0, hours * nodes, null)) as node_hours,
        sum(if(dbus > 0 and nodes > 0, dbus, null)) as measured_dbus,
        sum(if(dbus > 0 and nodes > 0, list_cost, null)) as measured_list_cost,
        sum(if(dbus > 0 and nodes > 0, hours * nodes * core_count, null)) as core_hours
    from sized
    group by node_type_key

),

final as (

    select
        rank() over (order by by_node_type.list_cost desc nulls last) as cost_rank,
        node_types.node_type,
        node_types.node_category,
        node_types.core_count,
        node_types.memory_mb,
        node_types.gpu_count,
        try_divide(node_types.memory_mb / 1024, node_types.core_count) as memory_gb_per_core,
        by_node_type.cluster_count,
        by_node_type.dbus,
        '{{ var("reporting_currency") }}' as currency_code,
        by_node_type.list_cost,
        try_divide(
            cast(by_node_type.list_cost as double), cast(sum(by_node_type.list_cost) over () as double)
        ) as cost_share,
        by_node_type.failed_list_cost,
        by_node_type.gpu_list_cost_without_ml,
        by_node_type.node_hours,
        by_node_type.measured_list_cost,
        try_divide(cast(by_node_type.measured_dbus as double), by_node_type.node_hours) as dbus_per_node_hour,
        try_divide(
            cast(by_node_type.measured_list_cost as double), by_node_type.core_hours
        ) as list_cost_per_core_hour,
        -- Against the core hours of all types together: above 1 a core of this type costs more than most.
        try_divide(
            try_divide(cast(by_node_type.measured_list_cost as double), by_node_type.core_hours),
            try_divide(
                cast(sum(by_node_type.measured_list_cost) over () as double),
                sum(by_node_type.core_hours) over ()
            )
        ) as core_hour_cost_ratio,
        report_window.first_day,
        report_window.last_day
    from by_node_type
    inner join {{ ref("dim_node_type") }} as node_types
        on by_node_type.node_type_key = node_types.node_type_key
    cross join report_window

)

select * from final
