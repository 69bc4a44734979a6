with runs as (

    select
        *,
        timestamp_micros(unix_micros(started_at) + cast(seconds * 1000000 as bigint)) as ended_at
    from {{ ref("model_runs") }}
    where
        resource_type in ('model', 'snapshot', 'seed')
        and status in ('success', 'error', 'partial success')

),

-- Duration that is usual for it: the successful runs of it before this one.
compared as (

    select
        runs.*,
        percentile(if(status = 'success', seconds, null), 0.5) over (
            partition by node
            order by recorded_at, invocation_id
            rows between unbounded preceding and 1 preceding
        ) as median_seconds_before,
        count_if(status = 'success') over (
            partition by node
            order by recorded_at, invocation_id
            rows between unbounded preceding and 1 preceding
        ) as successful_runs_before,
        row_number() over (partition by node order by recorded_at desc, invocation_id desc) = 1 as is_last_run
    from runs

),

-- What the warehouses that ran it cost, by the whole hours that a usage record reaches into.
warehouse_hours as (

    select
        warehouse_id,
        date_trunc('hour', usage_start_time) as from_hour,
        date_trunc('hour', greatest(usage_start_time, usage_end_time - interval 1 microsecond))
        + interval 1 hour as to_hour,
        cast(sum(list_cost) as decimal(38, 18)) as list_cost
    from {{ ref("fct_usage") }}
    where
        warehouse_id in (select warehouse_id from runs)
        and date_key >= (select min({{ date_key("started_at") }}) from runs)
    group by all

),

seconds_in_hours as (

    select
        runs.invocation_id,
        runs.node,
        hours.warehouse_id,
        hours.from_hour,
        hours.to_hour,
        hours.list_cost,
        unix_micros(least(runs.ended_at, hours.to_hour))
        - unix_micros(greatest(runs.started_at, hours.from_hour)) as microseconds
    from runs
    inner join warehouse_hours as hours
        on
            runs.warehouse_id = hours.warehouse_id
            and runs.started_at < hours.to_hour
            and runs.ended_at > hours.from_hour

),

-- A node has its part of an hour by its time among that of all nodes that ran in the hour.
shares as (

    select
        invocation_id,
        node,
        list_cost,
        try_divide(
            microseconds, sum(microseconds) over (partition by warehouse_id, from_hour, to_hour)
        ) as share
    from seconds_in_hours

),

costs as (

    select
        invocation_id,
        node,
        cast(sum({{ list_cost("cast(share as decimal(38, 18))", "list_cost") }}) as decimal(38, 18))
            as list_cost_at_most
    from shares
    group by invocation_id, node

),

final as (

    select
        compared.node,
        compared.node_name,
        compared.resource_type,
        compared.schema_name,
        compared.materialized,
        compared.invocation_id,
        compared.command,
        compared.target_name,
        compared.run_started_at,
        compared.started_at,
        compared.is_last_run,
        compared.status,
        compared.seconds,
        try_divide(compared.seconds, sum(compared.seconds) over (partition by compared.invocation_id))
            as run_share,
        compared.rows_written,
        compared.bytes_written,
        try_divide(compared.rows_written, compared.seconds) as rows_per_second,
        compared.successful_runs_before,
        compared.median_seconds_before,
        try_divide(compared.seconds, compared.median_seconds_before) as slowdown_ratio,
        compared.warehouse_id,
        costs.list_cost_at_most,
        '{{ var("reporting_currency") }}' as currency_code
    from compared
    left join costs
        on
            compared.invocation_id = costs.invocation_id
            and compared.node = costs.node

)

select * from final
