with breaches as (

    select *
    from {{ ref("rpt_policy_compliance") }}
    where compliance_status <> 'waived'

),

final as (

    select
        policy_id as threshold_id,
        case severity
            when 'high' then 'warn'
            else 'info'
        end as severity,
        policy_owner as alert_owner,
        subject_type,
        workspace_id,
        subject_id,
        subject_name,
        owner as subject_owner,
        concat(
            evidence,
            case
                when compliance_status = 'waiver_expired' then concat('; its waiver expired on ', waiver_expires_on)
                else ''
            end
        ) as evidence,
        observed_value,
        limit_value,
        money_at_stake,
        -- A breach is found anew in each window: since when it has stood is not known.
        cast(null as timestamp) as first_seen_at,
        cast(last_day as timestamp) as last_seen_at
    from breaches

)

select * from final
