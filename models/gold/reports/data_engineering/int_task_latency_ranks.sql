with thresholds as (

    select *
    from {{ ref("latency_thresholds") }}
    where is_active

),

reach as (

    select
        {{ date_key(
            "date_sub(max(progress.complete_through), max(thresholds.recent_days + thresholds.baseline_days))"
        ) }} as date_key
    from thresholds
    cross join {{ ref("source_progress") }} as progress
    where progress.task = 'brz_lakeflow_job_task_run_timeline'

),

runs as (

    select runs.*
    from {{ ref("int_task_latencies") }} as runs
    inner join reach
        on runs.date_key > reach.date_key

),

-- The narrowest row of the seed that fits holds for the task.
tested as (

    select
        runs.*,
        thresholds.* except (workspace_id, job_id, task_key),
        runs.task_date > date_sub(runs.last_day, thresholds.recent_days) as is_recent
    from runs
    inner join thresholds
        on
            coalesce(thresholds.workspace_id, runs.workspace_id) <=> runs.workspace_id
            and coalesce(thresholds.job_id, runs.job_id) <=> runs.job_id
            and coalesce(thresholds.task_key, runs.task_key) <=> runs.task_key
    qualify rank() over (
        partition by runs.workspace_id, runs.job_id, runs.task_key
        order by
            thresholds.task_key is null,
            thresholds.job_id is null,
            thresholds.workspace_id is null,
            thresholds.threshold_id
    ) = 1

),

compared as (

    select
        tested.*,
        row_number() over (
            partition by workspace_id, job_id, task_key
            order by task_start_time, run_id
        ) as run_number,
        count(*) over (partition by workspace_id, job_id, task_key) as run_count,
        rank() over (
            partition by workspace_id, job_id, task_key
            order by duration_seconds
        ) as lowest_rank,
        count(*) over (partition by workspace_id, job_id, task_key, duration_seconds) as tied_runs
    from tested
    where task_date > date_sub(last_day, recent_days + baseline_days)

),

-- How far a run's rank is from the middle one; equal durations share their ranks.
ranked as (

    select
        compared.*,
        lowest_rank + (tied_runs - 1) / 2.0D - (run_count + 1) / 2.0D as centred_rank,
        run_count + 1 - coalesce(
            try_divide(
                sum(cast(tied_runs as double) * tied_runs - 1) over (
                    partition by workspace_id, job_id, task_key
                ),
                cast(run_count as double) * (run_count - 1)
            ),
            0
        ) as rank_spread
    from compared

),

-- The same test at every place where the runs could be split in before and after.
final as (

    select
        ranked.*,
        try_divide(
            sum(centred_rank) over (
                partition by workspace_id, job_id, task_key
                order by run_number
                rows between current row and unbounded following
            ),
            sqrt((run_number - 1D) * (run_count - run_number + 1) * rank_spread / 12)
        ) as split_z
    from ranked

)

select * from final
