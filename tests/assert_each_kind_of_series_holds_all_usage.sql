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
    series.*,
    used.list_cost as used_list_cost
from series
full outer join used
    on
        series.usage_date = used.usage_date
        and series.currency_code = used.currency_code
where coalesce(series.list_cost, 0) <> coalesce(used.list_cost, 0)
