with scores as (

    select *
    from {{ ref("rpt_data_quality_score") }}
    where scope = 'rule' and is_firing

),

final as (

    select
        rule_id as threshold_id,
        severity,
        owner as alert_owner,
        'TABLE' as subject_type,
        cast(null as string) as workspace_id,
        table_name as subject_id,
        table_name as subject_name,
        cast(null as string) as subject_owner,
        concat(
            'not so for ', failed_rows, ' of ', checked_rows, ' rows, days: ', failed_days, '; ', description
        ) as evidence,
        failed_share as observed_value,
        maximum_share as limit_value,
        failed_money as money_at_stake,
        cast(firing_since as timestamp) as first_seen_at,
        cast(last_day as timestamp) as last_seen_at
    from scores

)

select * from final
