-- Every run that did not go well at once is in the report, and costs there what its usage cost, however many
-- days, SKUs and clusters it had.
with report_window as (

    {{ report_window(["brz_billing_usage", "brz_lakeflow_job_run_timeline"]) }}

),

used as (

    select
        workspace_id,
        job_run_id as run_id,
        sum(list_cost) as list_cost
    from {{ ref("fct_usage") }}
    where job_run_id is not null and job_id is not null
    group by workspace_id, job_run_id

),

expected as (

    select
        runs.workspace_id,
        runs.run_id,
        used.list_cost
    from {{ ref("fct_job_runs") }} as runs
    inner join report_window
        on runs.end_date_key between report_window.first_date_key and report_window.last_date_key
    left join used
        on runs.workspace_id <=> used.workspace_id and runs.run_id = used.run_id
    where
        runs.is_failure
        or runs.status_group = 'cancelled'
        or (runs.status_group <> 'skipped' and (runs.repair_count > 0 or runs.task_retry_count > 0))

),

reported as (

    select
        workspace_id,
        run_id,
        list_cost
    from {{ ref("rpt_failed_run_costs") }}

)

select
    expected.workspace_id,
    expected.run_id,
    expected.list_cost,
    reported.run_id as reported_run_id,
    reported.list_cost as reported_list_cost
from expected
full outer join reported
    on expected.workspace_id <=> reported.workspace_id and expected.run_id = reported.run_id
where
    expected.run_id is null
    or reported.run_id is null
    or not expected.list_cost <=> reported.list_cost
