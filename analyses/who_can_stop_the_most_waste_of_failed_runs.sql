-- Whose runs fail at what price, for which reason, and which job should be mended first?
with lost as (

    select *
    from {{ ref("rpt_failed_run_costs") }}

),

jobs as (

    select
        workspace_name,
        owner,
        job_id,
        max(job_name) as job_name,
        currency_code,
        count(*) as runs,
        mode(cause) as main_cause,
        max(run_end_time) as last_time,
        sum(list_cost) as list_cost,
        sum(wasted_list_cost) as wasted_list_cost
    from lost
    group by workspace_name, owner, job_id, currency_code

),

final as (

    select
        jobs.*,
        -- How far down the list it pays to go.
        try_divide(
            cast(sum(wasted_list_cost) over (
                order by wasted_list_cost desc nulls last, job_id
                rows between unbounded preceding and current row
            ) as double),
            cast(sum(wasted_list_cost) over () as double)
        ) as cumulative_share
    from jobs

)

select * from final
order by wasted_list_cost desc nulls last, job_id
