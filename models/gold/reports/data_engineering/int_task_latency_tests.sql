{{ config(materialized=var("heavy_reports_materialized")) }}
with runs as (

    select *
    from {{ ref("int_task_latency_ranks") }}

),

by_task as (

    select
        workspace_id,
        job_id,
        task_key,
        max(struct(task_start_time, workspace_key, entity_key)) as newest,
        -- The same on all runs of a task.
        any_value(
            struct(
                threshold_id,
                recent_days,
                baseline_days,
                minimum_recent_runs,
                minimum_baseline_runs,
                minimum_seconds,
                minimum_ratio,
                minimum_rank_z,
                cause_days,
                severity,
                threshold_owner
            )
        ) as threshold,
        count_if(not is_recent) as baseline_runs,
        count_if(is_recent) as recent_runs,
        percentile(duration_seconds, 0.5) filter (where not is_recent) as baseline_p50_seconds,
        percentile(duration_seconds, 0.5) filter (where is_recent) as recent_p50_seconds,
        percentile(duration_seconds, 0.95) filter (where not is_recent) as baseline_p95_seconds,
        percentile(duration_seconds, 0.95) filter (where is_recent) as recent_p95_seconds,
        sum(case when is_recent then centred_rank end) as recent_rank_sum,
        max(rank_spread) as rank_spread,
        max_by(task_start_time, split_z) as best_split_time,
        max(last_day) as last_day
    from runs
    group by workspace_id, job_id, task_key

),

judged as (

    select
        by_task.*,
        by_task.recent_p50_seconds - by_task.baseline_p50_seconds as slowdown_seconds,
        try_divide(by_task.recent_p50_seconds, by_task.baseline_p50_seconds) as slowdown_ratio,
        try_divide(
            by_task.recent_rank_sum,
            sqrt(cast(by_task.baseline_runs as double) * by_task.recent_runs * by_task.rank_spread / 12)
        ) as rank_z
    from by_task

),

final as (

    select
        workspace_id,
        job_id,
        task_key,
        newest.workspace_key,
        newest.entity_key,
        case
            when
                recent_runs < threshold.minimum_recent_runs
                or baseline_runs < threshold.minimum_baseline_runs
                then 'too_few_runs'
            when
                rank_z >= threshold.minimum_rank_z
                and slowdown_seconds >= threshold.minimum_seconds
                and slowdown_ratio >= threshold.minimum_ratio
                then 'slower'
            when
                -rank_z >= threshold.minimum_rank_z
                and -slowdown_seconds >= threshold.minimum_seconds
                and baseline_p50_seconds >= recent_p50_seconds * threshold.minimum_ratio
                then 'faster'
            else 'as_before'
        end as verdict,
        baseline_runs,
        recent_runs,
        baseline_p50_seconds,
        recent_p50_seconds,
        baseline_p95_seconds,
        recent_p95_seconds,
        slowdown_seconds,
        slowdown_ratio,
        rank_z,
        best_split_time as slower_since,
        threshold.threshold_id,
        threshold.cause_days,
        threshold.severity,
        threshold.threshold_owner,
        date_sub(last_day, threshold.recent_days + threshold.baseline_days - 1) as baseline_first_day,
        date_sub(last_day, threshold.recent_days - 1) as recent_first_day,
        last_day
    from judged

)

select * from final
