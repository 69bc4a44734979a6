with report_window as (

    {{ report_window() }}

),

rules as (

    select *
    from {{ ref("data_quality_rules") }}
    where is_active

),

summed as (

    select
        rule_id,
        sum(checked_rows) as checked_rows,
        sum(failed_rows) as failed_rows,
        cast(sum(checked_money) as decimal(38, 18)) as checked_money,
        cast(sum(failed_money) as decimal(38, 18)) as failed_money,
        min(date_key) filter (where failed_rows > 0) as first_failed_date_key,
        max(date_key) filter (where failed_rows > 0) as last_failed_date_key,
        count_if(failed_rows > 0) as failed_days
    from {{ ref("dq_findings_daily") }}
    group by rule_id

),

shared as (

    select
        rules.*,
        summed.checked_rows,
        summed.failed_rows,
        summed.checked_money,
        summed.failed_money,
        summed.first_failed_date_key,
        summed.last_failed_date_key,
        summed.failed_days,
        case rules.measured_by
            when 'money'
                then try_divide(cast(summed.failed_money as double), cast(summed.checked_money as double))
            else try_divide(cast(summed.failed_rows as double), cast(summed.checked_rows as double))
        end as failed_share
    from rules
    inner join summed
        on rules.rule_id = summed.rule_id

),

final as (

    select
        shared.rule_id,
        shared.rule_kind,
        shared.layer,
        shared.table_name,
        shared.description,
        shared.severity,
        shared.owner,
        shared.measured_by,
        shared.weight,
        shared.maximum_share,
        shared.checked_rows,
        shared.failed_rows,
        shared.checked_money,
        shared.failed_money,
        shared.failed_share,
        1 - shared.failed_share as score,
        shared.failed_rows > 0 and shared.failed_share > shared.maximum_share as is_firing,
        shared.first_failed_date_key,
        shared.last_failed_date_key,
        shared.failed_days,
        report_window.first_day,
        report_window.last_day
    from shared
    cross join report_window

)

select * from final
