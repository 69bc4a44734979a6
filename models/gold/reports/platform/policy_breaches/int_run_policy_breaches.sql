with report_window as (

    {{ report_window(["brz_billing_usage", "brz_lakeflow_job_run_timeline"]) }}

),

policies as (

    select *
    from {{ ref("compute_policies") }}
    where is_active and rule in ('run_duration', 'failure_rate', 'overdue_run')

),

costs as (

    select
        workspace_id,
        run_id,
        sum(list_cost) as list_cost
    from {{ ref("fct_run_costs") }}
    group by workspace_id, run_id

),

runs as (

    select
        runs.workspace_id,
        runs.job_id,
        runs.run_id,
        runs.entity_key,
        runs.run_start_time,
        runs.is_failure,
        cast(
            coalesce(
                runs.duration_seconds,
                unix_timestamp(runs.last_period_end_time) - unix_timestamp(runs.run_start_time)
            ) as double
        ) / 3600 as hours,
        not runs.is_finished
        and cast(runs.last_period_end_time as date) >= report_window.last_day as is_running,
        costs.list_cost
    from {{ ref("fct_job_runs") }} as runs
    inner join report_window
        on coalesce(runs.end_date_key, report_window.last_date_key)
            between report_window.first_date_key and report_window.last_date_key
    left join costs
        on runs.workspace_id <=> costs.workspace_id and runs.run_id = costs.run_id
    where runs.job_id is not null
        -- A run that went silent before the window may never have an end: it is no breach of today.
        and (runs.is_finished or cast(runs.last_period_end_time as date) >= report_window.first_day)

),

health as (

    select
        workspace_id,
        job_id,
        finished_runs - skipped_runs as started_runs,
        failed_runs,
        overdue_runs,
        longest_running_run_id,
        longest_running_seconds,
        overdue_after_seconds / 3600 as overdue_after_hours
    from {{ ref("rpt_run_health") }}
    where job_id is not null

),

by_job as (

    select
        policies.policy_id,
        policies.rule,
        policies.limit_value,
        policies.minimum_value,
        runs.workspace_id,
        runs.job_id,
        max_by(runs.entity_key, runs.run_start_time) as entity_key,
        count_if(runs.hours > policies.limit_value) as long_runs,
        max(runs.hours) as longest_hours,
        max_by(runs.run_id, runs.hours) as longest_run_id,
        sum(
            case policies.rule
                when 'run_duration' then if(runs.hours > policies.limit_value, runs.list_cost, null)
                when 'failure_rate' then if(runs.is_failure, runs.list_cost, null)
                when 'overdue_run'
                    then if(runs.is_running and runs.hours > health.overdue_after_hours, runs.list_cost, null)
            end
        ) as money_at_stake,
        any_value(struct(health.*)) as health
    from runs
    cross join policies
    left join health
        on runs.workspace_id <=> health.workspace_id and runs.job_id = health.job_id
    group by
        policies.policy_id, policies.rule, policies.limit_value, policies.minimum_value, runs.workspace_id,
        runs.job_id

),

measured as (

    select
        by_job.*,
        case by_job.rule
            when 'run_duration' then if(by_job.long_runs > 0, by_job.longest_hours, null)
            when 'failure_rate'
                then if(
                        health.started_runs >= coalesce(by_job.minimum_value, 1)
                        and health.failed_runs > by_job.limit_value * health.started_runs,
                        try_divide(health.failed_runs, health.started_runs),
                        null
                    )
            when 'overdue_run' then if(
                    health.overdue_runs > 0, cast(health.longest_running_seconds as double) / 3600, null
                )
        end as observed_value,
        case by_job.rule
            when 'run_duration'
                then concat(
                        by_job.long_runs, ' runs, the longest ', round(by_job.longest_hours, 1), ' h (run ',
                        by_job.longest_run_id, ')'
                    )
            when 'failure_rate' then concat(health.failed_runs, ' of ', health.started_runs, ' runs failed')
            when 'overdue_run' then concat(
                    'run ', health.longest_running_run_id, ' has run for ',
                    round(health.longest_running_seconds / 3600, 1), ' h, overdue after ',
                    round(health.overdue_after_hours, 1), ' h'
                )
        end as evidence
    from by_job

),

final as (

    select
        measured.policy_id,
        'JOB' as subject_type,
        measured.workspace_id,
        measured.job_id as subject_id,
        entities.entity_name as subject_name,
        entities.owner,
        measured.evidence,
        measured.observed_value,
        measured.money_at_stake,
        report_window.first_day,
        report_window.last_day
    from measured
    cross join report_window
    inner join {{ ref("dim_entity") }} as entities
        on measured.entity_key = entities.entity_key
    where measured.observed_value is not null

)

select * from final
