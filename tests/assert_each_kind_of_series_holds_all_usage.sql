-- What anomalies are looked for in is all usage of each judged day, in each kind of series.
with report_window as (

    {{ report_window() }}

),

used as (

    select
        dates.date as usage_date,
        usage.currency_code,
        coalesce(sum(usage.list_cost), 0) as list_cost
    from {{ ref("fct_usage") }} as usage
    inner join report_window
        on usage.date_key between report_window.first_date_key and report_window.last_date_key
    inner join {{ ref("dim_date") }} as dates
        on usage.date_key = dates.date_key
    group by dates.date, usage.currency_code

),

kinds as (

    select explode(
        array('account', 'workspace', 'product', 'workspace_product', 'sku', 'department')
    ) as series_type

),

expected as (

    select
        used.*,
        kinds.series_type
    from used
    cross join kinds

),

series as (

    select
        usage_date,
        series_type,
        currency_code,
        sum(list_cost) as list_cost
    from {{ ref("int_daily_cost_series") }}
    where is_judged
    group by usage_date, series_type, currency_code

)

select
    expected.*,
    series.list_cost as series_list_cost
from expected
full outer join series
    on
        expected.usage_date = series.usage_date
        and expected.series_type = series.series_type
        and expected.currency_code = series.currency_code
where coalesce(expected.list_cost, 0) <> coalesce(series.list_cost, 0)
