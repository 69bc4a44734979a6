-- Serverless, classic and other cost are all usage of the days that the report covers, each month.
with progress as (

    select min(complete_through) as complete_through
    from {{ ref("source_progress") }}
    where task in ('brz_billing_usage', 'brz_lakeflow_job_run_timeline')

),

used as (

    select
        dates.month_start_date,
        sum(usage.list_cost) as list_cost
    from {{ ref("fct_usage") }} as usage
    inner join {{ ref("dim_date") }} as dates
        on usage.date_key = dates.date_key
    inner join progress
        on dates.date <= progress.complete_through
    group by dates.month_start_date

),

reported as (

    -- Summed as rows: each addition of two DECIMAL(38, 18) would cost a decimal.
    select
        period_start_date,
        sum(parts.list_cost) as list_cost
    from {{ ref("rpt_serverless_adoption") }}
        lateral view explode(
            array(serverless_list_cost, classic_list_cost, other_list_cost)
        ) parts as list_cost
    where period = 'month'
    group by period_start_date

)

select
    used.*,
    reported.list_cost as reported_list_cost
from used
full outer join reported
    on used.month_start_date = reported.period_start_date
where coalesce(used.list_cost, 0) <> coalesce(reported.list_cost, 0)
