-- How fast is each budget of this month used, and on which day is it used up at this pace?
with progress as (

    select complete_through
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

this_month as (

    select budgets.*
    from {{ ref("rpt_budget_status") }} as budgets
    inner join progress
        on budgets.month_start_date = cast(date_trunc('month', progress.complete_through) as date)

),

paced as (

    select
        this_month.*,
        -- Usage may have begun within the month.
        try_divide(cast(list_cost as double), complete_days - days_before_usage) as list_cost_a_day
    from this_month

),

final as (

    select
        budget_name,
        budget_owner,
        month_start_date,
        currency_code,
        monthly_amount,
        list_cost,
        used_share,
        complete_days,
        list_cost_a_day,
        expected_list_cost,
        budget_status,
        -- NULL where the month ends first.
        if(
            is_expected_over,
            date_add(
                month_start_date,
                days_before_usage
                + greatest(cast(floor(try_divide(cast(monthly_amount as double), list_cost_a_day)) as int), 0)
            ),
            null
        ) as used_up_on
    from paced

)

select * from final
order by used_share desc nulls last
