with thresholds as (

    select *
    from {{ ref("alert_thresholds") }}
    where is_active and alert_type = 'cost_anomaly'

),

report_window as (

    {{ report_window() }}

),

-- Falls are no reason to wake anybody: rpt_cost_anomalies has them.
anomalies as (

    select *
    from {{ ref("rpt_cost_anomalies") }}
    where direction = 'up'

),

final as (

    select
        thresholds.threshold_id,
        thresholds.severity,
        thresholds.owner as alert_owner,
        'COST_SERIES' as subject_type,
        anomalies.workspace_id,
        concat(anomalies.series_type, ': ', coalesce(anomalies.series_name, '')) as subject_id,
        anomalies.series_name as subject_name,
        cast(null as string) as subject_owner,
        concat(
            'cost ', format_number(anomalies.list_cost, 2), ' on ', anomalies.usage_date, '; expected ',
            format_number(anomalies.expected_low, 2), ' to ', format_number(anomalies.expected_high, 2),
            '; days in a row: ', anomalies.days_in_a_row
        ) as evidence,
        cast(anomalies.list_cost as double) as observed_value,
        cast(anomalies.expected_high as double) as limit_value,
        anomalies.list_cost_change as money_at_stake,
        cast(
            date_sub(anomalies.usage_date, cast(anomalies.days_in_a_row as int) - 1) as timestamp
        ) as first_seen_at,
        cast(anomalies.usage_date as timestamp) as last_seen_at
    from anomalies
    inner join thresholds
        on anomalies.severity = thresholds.applies_to
    cross join report_window
    where
        anomalies.usage_date > date_sub(report_window.last_day, thresholds.window_days)
    -- The newest day of a series speaks for the ones before.
    qualify row_number() over (
        partition by anomalies.series_type, anomalies.series_name, anomalies.workspace_id
        order by anomalies.usage_date desc
    ) = 1

)

select * from final
