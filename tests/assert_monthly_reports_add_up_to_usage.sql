-- What the mix of SKUs, the trends by month and the coverage of tags show for a month is its usage.
with progress as (

    select {{ date_key("complete_through") }} as last_date_key
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

used as (

    select
        dates.month_start_date,
        sum(usage.list_cost) as list_cost
    from {{ ref("fct_usage") }} as usage
    inner join progress
        on usage.date_key <= progress.last_date_key
    inner join {{ ref("dim_date") }} as dates
        on usage.date_key = dates.date_key
    group by dates.month_start_date

),

reported as (

    select
        'rpt_sku_mix' as report,
        month_start_date,
        sum(list_cost) as list_cost
    from {{ ref("rpt_sku_mix") }}
    group by month_start_date
    union all
    select
        'rpt_cost_trends' as report,
        period_start_date as month_start_date,
        sum(list_cost) as list_cost
    from {{ ref("rpt_cost_trends") }}
    where period = 'month'
    group by period_start_date
    union all
    select
        concat('rpt_tag_coverage ', scope, ' ', tag_key) as report,
        period_start_date as month_start_date,
        sum(list_cost) as list_cost
    from {{ ref("rpt_tag_coverage") }}
    where period = 'month'
    group by scope, tag_key, period_start_date

),

asked as (

    select tag_key
    from {{ ref("tag_taxonomy") }}
    union all
    select explode(array('all required', 'all')) as tag_key

),

scopes as (

    select explode(array('account', 'workspace')) as scope

),

reports as (

    select explode(array('rpt_sku_mix', 'rpt_cost_trends')) as report
    union all
    select concat('rpt_tag_coverage ', scopes.scope, ' ', asked.tag_key) as report
    from asked
    cross join scopes

),

expected as (

    select
        reports.report,
        used.*
    from used
    cross join reports

)

select
    expected.*,
    reported.list_cost as reported_list_cost
from expected
full outer join reported
    on
        expected.report = reported.report
        and expected.month_start_date = reported.month_start_date
where not expected.list_cost <=> reported.list_cost
