-- Which interactive clusters cost money at the weekend, never stop by themselves, and belong to whom?
with clusters as (

    select *
    from {{ ref("rpt_cluster_costs") }}
    where cluster_source in ('UI', 'API')

),

final as (

    select
        workspace_name,
        cluster_id,
        cluster_name,
        owner,
        coalesce(auto_termination_minutes, 0) > 0 as stops_by_itself,
        auto_termination_minutes,
        is_autoscaling,
        worker_node_type,
        coalesce(max_autoscale_workers, worker_count) as most_workers,
        currency_code,
        list_cost,
        weekend_list_cost,
        -- Two days of seven are 0.29: that much at a weekend is work as on any day, or none at all.
        try_divide(cast(weekend_list_cost as double), cast(list_cost as double)) as weekend_share,
        first_day,
        last_day
    from clusters
    where weekend_list_cost > 0

)

select * from final
order by stops_by_itself, weekend_list_cost desc
