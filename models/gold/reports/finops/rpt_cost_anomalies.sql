{{ config(materialized=var("heavy_reports_materialized")) }}
{%- set series = [
    "series_type", "workspace_id", "billing_origin_product", "sku_name", "department", "currency_code"
] %}
{#- What a median absolute deviation is multiplied with to compare with a standard deviation. -#}
{%- set mad_to_sigma = 1.4826 %}
{#- By how much more or less of its records than usual may lack a price on a day that is judged. -#}
{%- set unpriced_share_tolerance = 0.05 %}
with costs as (

    select
        costs.*,
        -- The same weekday of the eight weeks before: a busy Monday is held to other Mondays.
        collect_list(cast(costs.list_cost as double)) over same_weekdays as reference,
        collect_list(costs.unpriced_share) over same_weekdays as unpriced_reference
    from {{ ref("int_daily_cost_series") }} as costs
    window same_weekdays as (
        partition by {{ series | join(", ") }}, weekday(costs.usage_date)
        order by costs.usage_date
        rows between 8 preceding and 1 preceding
    )

),

rules as (

    select *
    from {{ ref("cost_anomaly_rules") }}
    where is_active

),

centred as (

    select
        costs.*,
        {{ array_median("costs.reference") }} as expected,
        costs.unpriced_share - {{ array_median("costs.unpriced_reference") }} as more_unpriced
    from costs
    where costs.is_judged

),

spread as (

    select
        centred.*,
        {{ mad_to_sigma }} * (
            {{ array_median("transform(centred.reference, cost -> abs(cost - centred.expected))") }}
        ) as sigma
    from centred

),

banded as (

    select
        spread.*,
        rules.severity,
        rules.owner as rule_owner,
        greatest(
            rules.deviations * spread.sigma,
            rules.minimum_change_ratio * abs(spread.expected),
            rules.minimum_amount
        ) as half_width
    from spread
    inner join rules
        on spread.series_type = rules.series_type
    where size(spread.reference) >= rules.minimum_weeks

),

anomalies as (

    select
        banded.*,
        if(banded.list_cost > banded.expected, 'up', 'down') as direction
    from banded
    -- A price that is missing is no fall, and one that came is no rise.
    where
        (
            banded.list_cost > banded.expected + banded.half_width
            and banded.more_unpriced >= -{{ unpriced_share_tolerance }}
        ) or (
            banded.list_cost < banded.expected - banded.half_width
            and banded.more_unpriced <= {{ unpriced_share_tolerance }}
        )

),

-- Days that follow each other keep one distance from their rank.
ranked as (

    select
        anomalies.*,
        date_sub(
            usage_date,
            cast(row_number() over (
                partition by {{ series | join(", ") }}, direction
                order by usage_date
            ) as int)
        ) as stretch
    from anomalies

),

stretches as (

    select
        ranked.*,
        row_number() over (
            partition by {{ series | join(", ") }}, direction, stretch
            order by usage_date
        ) as days_in_a_row
    from ranked

),

final as (

    select
        stretches.usage_date,
        stretches.series_type,
        concat_ws(
            ' / ',
            case
                when stretches.series_type = 'account' then 'all usage'
                when stretches.series_type in ('workspace', 'workspace_product')
                    then workspaces.workspace_name
                when stretches.series_type = 'department' then coalesce(stretches.department, 'no department')
            end,
            stretches.billing_origin_product,
            stretches.sku_name
        ) as series_name,
        stretches.workspace_id,
        stretches.billing_origin_product,
        stretches.sku_name,
        stretches.department,
        stretches.currency_code,
        stretches.direction,
        stretches.list_cost,
        cast(stretches.expected as decimal(38, 18)) as expected_list_cost,
        cast(greatest(stretches.expected - stretches.half_width, 0) as decimal(38, 18)) as expected_low,
        cast(stretches.expected + stretches.half_width as decimal(38, 18)) as expected_high,
        cast(stretches.list_cost - stretches.expected as decimal(38, 18)) as list_cost_change,
        try_divide(stretches.list_cost - stretches.expected, stretches.expected) as change_ratio,
        try_divide(stretches.list_cost - stretches.expected, stretches.sigma) as deviation_score,
        size(stretches.reference) as reference_weeks,
        stretches.days_in_a_row,
        stretches.unpriced_records,
        stretches.severity,
        stretches.rule_owner
    from stretches
    left join {{ ref("int_workspace_names") }} as workspaces
        on stretches.workspace_id <=> workspaces.workspace_id

)

select * from final
