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
        case
            when coalesce(auto_termination_minutes, 0) = 0 then 'never stops by itself'
            when auto_termination_minutes > 120 then 'stops late'
            else 'stops by itself'
        end as stopping,
        auto_termination_minutes,
        is_autoscaling,
        worker_node_type,
        coalesce(max_autoscale_workers, worker_count) as most_workers,
        currency_code,
        list_cost,
        weekend_list_cost,
        -- Two days of seven; far above is work nobody waits for, or none at all.
        try_divide(cast(weekend_list_cost as double), cast(list_cost as double)) as weekend_share,
        first_day,
        last_day
    from clusters
    where weekend_list_cost > 0

)

select * from final
order by stopping = 'never stops by itself' desc, weekend_list_cost desc
