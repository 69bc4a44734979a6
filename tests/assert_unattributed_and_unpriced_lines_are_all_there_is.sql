-- Usage that no tag says who pays for, and usage without a price, is in its report to the last record.
with report_window as (

    {{ report_window() }}

),

used as (

    select
        'rpt_unattributed_costs' as report,
        count(*) as record_count,
        sum(usage.list_cost) as list_cost
    from {{ ref("fct_usage") }} as usage
    inner join report_window
        on usage.date_key between report_window.first_date_key and report_window.last_date_key
    where
        usage.line_of_business is null
        and usage.department is null
        and usage.cost_center is null
    union all
    select
        'rpt_unpriced_usage' as report,
        count(*) as record_count,
        cast(null as decimal(38, 18)) as list_cost
    from {{ ref("fct_usage") }}
    where list_cost is null

),

reported as (

    select
        'rpt_unattributed_costs' as report,
        coalesce(sum(record_count), 0) as record_count,
        sum(list_cost) as list_cost
    from {{ ref("rpt_unattributed_costs") }}
    union all
    select
        'rpt_unpriced_usage' as report,
        coalesce(sum(record_count), 0) as record_count,
        cast(null as decimal(38, 18)) as list_cost
    from {{ ref("rpt_unpriced_usage") }}

)

select
    used.*,
    reported.record_count as reported_record_count,
    reported.list_cost as reported_list_cost
from used
inner join reported
    on used.report = reported.report
where
    used.record_count <> reported.record_count
    or not used.list_cost <=> reported.list_cost
