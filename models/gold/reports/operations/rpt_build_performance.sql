with runs as (

    select *
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

final as (

    select
        node,
        node_name,
        resource_type,
        schema_name,
        materialized,
        invocation_id,
        command,
        target_name,
        run_started_at,
        started_at,
        is_last_run,
        status,
        seconds,
        try_divide(seconds, sum(seconds) over (partition by invocation_id)) as run_share,
        rows_written,
        bytes_written,
        try_divide(rows_written, seconds) as rows_per_second,
        successful_runs_before,
        median_seconds_before,
        try_divide(seconds, median_seconds_before) as slowdown_ratio,
        message
    from compared

)

select * from final
