with sources as (

    select *
    from {{ ref("rpt_source_freshness") }}
    where severity is not null

),

final as (

    select
        'source-expectations' as threshold_id,
        severity,
        owner as alert_owner,
        'SOURCE' as subject_type,
        cast(null as string) as workspace_id,
        source as subject_id,
        source as subject_name,
        cast(null as string) as subject_owner,
        case
            when freshness_status = 'missing'
                then 'it is required, and this account does not have it or does not grant it'
            when newest_watermark is null
                then 'it has no row with a time'
            else
                concat('newest row of ', newest_watermark, ', ', format_number(age_hours, 0), ' hours ago')
        end as evidence,
        age_hours as observed_value,
        coalesce(if(age_hours > error_after_hours, error_after_hours, null), warn_after_hours) as limit_value,
        cast(null as decimal(38, 18)) as money_at_stake,
        timestampadd(
            hour, cast(least(warn_after_hours, error_after_hours) as int), newest_watermark
        ) as first_seen_at,
        looked_at as last_seen_at
    from sources

)

select * from final
