with progress as (

    select complete_through
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

showback as (

    select *
    from {{ ref("rpt_showback") }}

),

-- Usage may begin within a month: the days before it tell nothing of its pace.
reach as (

    select min(usage_date) as first_usage_date
    from showback

),

months as (

    select
        month_start_date,
        max(usage_date) as last_usage_date
    from showback
    group by month_start_date

),

-- The newest row of a budget that is valid when the month begins.
budgets as (

    select
        months.month_start_date,
        budgets.*
    from {{ ref("budgets") }} as budgets
    inner join months
        on budgets.valid_from <= months.month_start_date
    qualify row_number() over (
        partition by months.month_start_date, budgets.budget_name
        order by budgets.valid_from desc
    ) = 1

),

spent as (

    select
        month_start_date,
        dimension,
        dimension_value,
        currency_code,
        list_cost,
        has_unpriced_usage
    from showback
    where is_allocated
    union all
    -- Every workspace, and what no workspace has.
    select
        month_start_date,
        'account' as dimension,
        '' as dimension_value,
        currency_code,
        list_cost,
        has_unpriced_usage
    from showback
    where dimension = 'workspace_id'

),

used as (

    select
        budgets.month_start_date,
        budgets.budget_name,
        sum(spent.list_cost) as list_cost,
        bool_or(spent.has_unpriced_usage) as has_unpriced_usage
    from budgets
    inner join spent
        on
            budgets.month_start_date = spent.month_start_date
            and budgets.dimension = spent.dimension
            and coalesce(budgets.dimension_value, '') = spent.dimension_value
            and budgets.currency_code = spent.currency_code
    group by budgets.month_start_date, budgets.budget_name

),

measured as (

    select
        budgets.*,
        1 + datediff(
            least(last_day(budgets.month_start_date), progress.complete_through), budgets.month_start_date
        ) as complete_days,
        day(last_day(budgets.month_start_date)) as days_in_month,
        greatest(datediff(reach.first_usage_date, budgets.month_start_date), 0) as days_before_usage,
        used.list_cost,
        coalesce(used.has_unpriced_usage, false) as has_unpriced_usage
    from budgets
    cross join progress
    cross join reach
    left join used
        on
            budgets.month_start_date = used.month_start_date
            and budgets.budget_name = used.budget_name

),

expected as (

    select
        measured.*,
        cast(list_cost as double)
        + try_divide(cast(list_cost as double), complete_days - days_before_usage)
        * (days_in_month - complete_days) as expected_list_cost
    from measured

),

final as (

    select
        budget_name,
        month_start_date,
        complete_days = days_in_month as is_complete,
        dimension,
        dimension_value,
        owner as budget_owner,
        currency_code,
        monthly_amount,
        warn_at,
        list_cost,
        try_divide(cast(list_cost as double), cast(monthly_amount as double)) as used_share,
        complete_days,
        days_before_usage,
        cast(expected_list_cost as decimal(38, 18)) as expected_list_cost,
        has_unpriced_usage,
        case
            when list_cost is null and has_unpriced_usage then 'unknown'
            when list_cost > monthly_amount then 'over'
            when list_cost >= monthly_amount * warn_at then 'near'
            else 'within'
        end as budget_status,
        coalesce(expected_list_cost > cast(monthly_amount as double), false) as is_expected_over
    from expected

)

select * from final
