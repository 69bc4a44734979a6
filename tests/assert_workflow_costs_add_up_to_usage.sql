-- Own costs of all lines, and totals of all tops, are all usage on the days of the report.
with report_window as (

    {{ report_window() }}

),

reported as (

    select
        currency_code,
        sum(own_list_cost) as own_list_cost,
        sum(if(hierarchy_level = 1, total_list_cost, 0)) as total_list_cost
    from {{ ref("rpt_workflow_costs") }}
    group by currency_code

),

used as (

    select
        usage.currency_code,
        sum(usage.list_cost) as list_cost
    from {{ ref("fct_usage") }} as usage
    inner join report_window
        on usage.date_key between report_window.first_date_key and report_window.last_date_key
    group by usage.currency_code

)

select
    used.*,
    reported.own_list_cost,
    reported.total_list_cost
from used
full outer join reported
    on used.currency_code = reported.currency_code
where
    not used.list_cost <=> reported.own_list_cost
    or not used.list_cost <=> reported.total_list_cost
