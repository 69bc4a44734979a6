{{ config(materialized=var("heavy_reports_materialized")) }}
{%- set periods = ["day", "week", "month"] %}

with progress as (

    select complete_through
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

daily as (

    select
        dates.date as usage_date,
        usage.billing_origin_product,
        usage.currency_code,
        sum(usage.list_cost) as list_cost,
        count_if(not usage.is_priced) as unpriced_records
    from {{ ref("fct_usage") }} as usage
    inner join {{ ref("dim_date") }} as dates
        on usage.date_key = dates.date_key
    inner join progress
        on dates.date <= progress.complete_through
    group by dates.date, usage.billing_origin_product, usage.currency_code

),

-- A period that usage covers only in part is no comparison.
reach as (

    select min(usage_date) as first_usage_date
    from daily

),

-- Each day counts once in each kind of period.
placed as (

    {%- for period in periods %}
    {{ "union all" if not loop.first }}
    select
        '{{ period }}' as period,
        cast(date_trunc('{{ period }}', usage_date) as date) as period_start_date,
        daily.*
    from daily
    {%- endfor %}
    union all
    -- This month so far, and last month as far as the same day.
    select
        'month_to_date' as period,
        cast(date_trunc('month', daily.usage_date) as date) as period_start_date,
        daily.*
    from daily
    cross join progress
    where
        daily.usage_date >= add_months(date_trunc('month', progress.complete_through), -1)
        and day(daily.usage_date) <= day(progress.complete_through)

),

totals as (

    select
        period,
        period_start_date,
        billing_origin_product,
        currency_code,
        sum(list_cost) as list_cost,
        sum(unpriced_records) as unpriced_records
    from placed
    group by period, period_start_date, billing_origin_product, currency_code

),

-- Each total stands beside the one of the next period, too: a product that stopped shows as a fall there.
merged as (

    select
        totals.period,
        case
            when not shifts.is_previous then totals.period_start_date
            when totals.period = 'day' then date_add(totals.period_start_date, 1)
            when totals.period = 'week' then date_add(totals.period_start_date, 7)
            else add_months(totals.period_start_date, 1)
        end as period_start_date,
        totals.billing_origin_product,
        totals.currency_code,
        cast(sum(if(shifts.is_previous, null, totals.list_cost)) as decimal(38, 18)) as list_cost,
        cast(sum(if(shifts.is_previous, totals.list_cost, null)) as decimal(38, 18)) as previous_list_cost,
        sum(if(shifts.is_previous, 0, totals.unpriced_records)) as unpriced_records,
        sum(if(shifts.is_previous, totals.unpriced_records, 0)) as previous_unpriced_records
    from totals
        lateral view explode(array(false, true)) shifts as is_previous
    group by all

),

judged as (

    select
        merged.*,
        -- No usage costs nothing; what usage without a price costs is not known.
        coalesce(merged.list_cost, if(merged.unpriced_records > 0, null, 0)) as known_list_cost,
        coalesce(merged.previous_list_cost, if(merged.previous_unpriced_records > 0, null, 0))
            as known_previous_list_cost,
        reach.first_usage_date <= case merged.period
            when 'day' then date_sub(merged.period_start_date, 1)
            when 'week' then date_sub(merged.period_start_date, 7)
            else add_months(merged.period_start_date, -1)
        end as is_comparable,
        case merged.period
            when 'month_to_date' then true
            when 'day' then progress.complete_through >= merged.period_start_date
            when 'week' then progress.complete_through >= date_add(merged.period_start_date, 6)
            else progress.complete_through >= last_day(merged.period_start_date)
        end as is_complete
    from merged
    cross join reach
    inner join progress
        on merged.period_start_date <= progress.complete_through

),

final as (

    select
        judged.period,
        judged.period_start_date,
        judged.is_complete,
        judged.billing_origin_product,
        judged.currency_code,
        judged.list_cost,
        judged.previous_list_cost,
        -- A part of a week or month is no fall from a whole one: month_to_date compares like with like. One
        -- digit less before the point, so that a difference keeps the last one behind it.
        case
            when judged.is_comparable and judged.is_complete
                then cast(judged.known_list_cost as decimal(37, 18))
                    - cast(judged.known_previous_list_cost as decimal(37, 18))
        end as list_cost_change,
        judged.is_comparable,
        case
            when judged.is_comparable and judged.is_complete
                then try_divide(
                        cast(judged.known_list_cost - judged.previous_list_cost as double),
                        cast(judged.previous_list_cost as double)
                    )
        end as change_ratio,
        judged.unpriced_records,
        judged.previous_unpriced_records
    from judged
    cross join progress
    where
        judged.period <> 'month_to_date'
        or judged.period_start_date = cast(date_trunc('month', progress.complete_through) as date)

)

select * from final
