-- The lines of clusters, with the one of usage without a cluster, are all usage on the days of the report.
with report_window as (

    {{ report_window() }}

),

reported as (

    select
        currency_code,
        sum(list_cost) as list_cost
    from {{ ref("rpt_cluster_costs") }}
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
    used.currency_code,
    used.list_cost as used_list_cost,
    reported.list_cost as reported_list_cost
from used
full outer join reported
    on used.currency_code = reported.currency_code
where not used.list_cost <=> reported.list_cost
