with thresholds as (

    select *
    from {{ ref("alert_thresholds") }}
    where is_active and alert_type = 'cost_over_budget'

),

-- A month that is over is past: nobody can do anything about it now.
this_month as (

    select
        budgets.*,
        case
            when budget_status <> 'within' then budget_status
            when is_expected_over then 'expected_over'
        end as state
    from {{ ref("rpt_budget_status") }} as budgets
    qualify month_start_date = max(month_start_date) over ()

),

final as (

    select
        thresholds.threshold_id,
        thresholds.severity,
        this_month.budget_owner as alert_owner,
        'BUDGET' as subject_type,
        cast(null as string) as workspace_id,
        this_month.budget_name as subject_id,
        concat_ws(' ', this_month.dimension, this_month.dimension_value) as subject_name,
        cast(null as string) as subject_owner,
        concat(
            format_number(this_month.list_cost, 2), ' of ', format_number(this_month.monthly_amount, 2),
            ' after ', this_month.complete_days, ' complete days of the month that begins on ',
            this_month.month_start_date, '; at this rate ',
            format_number(this_month.expected_list_cost, 2), ' by its end'
        ) as evidence,
        this_month.used_share as observed_value,
        if(this_month.state = 'near', this_month.warn_at, 1) as limit_value,
        this_month.list_cost as money_at_stake,
        -- The day on which it went over is not kept.
        cast(null as timestamp) as first_seen_at,
        cast(date_add(this_month.month_start_date, this_month.complete_days - 1) as timestamp) as last_seen_at
    from this_month
    inner join thresholds
        on this_month.state = thresholds.applies_to

)

select * from final
