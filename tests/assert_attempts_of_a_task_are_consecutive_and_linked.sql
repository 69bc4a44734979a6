-- Attempts of a task within its job run are numbered from 1 without a gap, and each names the one before it.
with attempts as (

    select
        workspace_id,
        coalesce(job_run_id, run_id) as attempts_of,
        task_key,
        attempt_number,
        run_id,
        previous_run_id
    from {{ ref("slv_task_runs") }}

),

final as (

    select
        attempts.*,
        before.run_id as run_id_before
    from attempts
    left join attempts as before
        on
            attempts.workspace_id = before.workspace_id
            and attempts.attempts_of = before.attempts_of
            and attempts.task_key <=> before.task_key
            and attempts.attempt_number = before.attempt_number + 1
    where
        attempts.attempt_number < 1
        or (attempts.attempt_number > 1 and before.run_id is null)
        or not attempts.previous_run_id <=> before.run_id
    union all
    select
        min(workspace_id) as workspace_id,
        min(attempts_of) as attempts_of,
        min(task_key) as task_key,
        min(attempt_number) as attempt_number,
        min(run_id) as run_id,
        min(previous_run_id) as previous_run_id,
        cast(null as string) as run_id_before
    from attempts
    group by workspace_id, attempts_of, task_key, attempt_number
    having count(*) > 1

)

select * from final
