with thresholds as (

    select *
    from {{ ref("alert_thresholds") }}
    where is_active and alert_type = 'policy_breach'

),

breaches as (

    select
        compliance.*,
        if(
            compliance_status = 'waiver_expired', concat('; waiver expired on ', waiver_expires_on), ''
        ) as remark
    from {{ ref("rpt_policy_compliance") }} as compliance
    where compliance_status <> 'waived'

),

-- What is gone is past mending, whatever it broke in the window: rpt_policy_compliance has it.
deleted as (

    {{ deleted_entities() }}

),

final as (

    select
        breaches.policy_id as threshold_id,
        thresholds.severity,
        breaches.policy_owner as alert_owner,
        breaches.subject_type,
        breaches.workspace_id,
        breaches.subject_id,
        breaches.subject_name,
        breaches.owner as subject_owner,
        concat(breaches.evidence, breaches.remark) as evidence,
        breaches.observed_value,
        breaches.limit_value,
        breaches.money_at_stake,
        -- A breach is found anew in each window: since when it has stood is not known.
        cast(null as timestamp) as first_seen_at,
        cast(breaches.last_day as timestamp) as last_seen_at
    from breaches
    inner join thresholds
        on breaches.severity = thresholds.applies_to
    left anti join deleted
        on
            breaches.subject_type = deleted.entity_type
            and breaches.workspace_id <=> deleted.workspace_id
            and breaches.subject_id = deleted.entity_id

)

select * from final
