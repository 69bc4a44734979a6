{{ config(materialized=var("heavy_reports_materialized")) }}
with policies as (

    select *
    from {{ ref("compute_policies") }}

),

breaches as (

    {%- for kind in ["cluster", "run", "all_purpose", "daily_cost", "tag"] %}
    {{ "union all" if not loop.first }}
    select
        policy_id,
        subject_type,
        workspace_id,
        subject_id,
        subject_name,
        owner,
        evidence,
        observed_value,
        money_at_stake,
        first_day,
        last_day
    from {{ ref("int_" ~ kind ~ "_policy_breaches") }}
    {%- endfor %}

),

-- Of several waivers for one subject the one that lasts longest holds; one without a workspace holds in all.
waived as (

    select
        breaches.policy_id,
        breaches.subject_type,
        breaches.workspace_id,
        breaches.subject_id,
        max(struct(waivers.expires_on, waivers.granted_by, waivers.reason)) as waiver
    from breaches
    inner join {{ ref("policy_waivers") }} as waivers
        on
            breaches.policy_id = waivers.policy_id
            and breaches.subject_type = waivers.subject_type
            and breaches.subject_id = waivers.subject_id
            and breaches.workspace_id <=> coalesce(waivers.workspace_id, breaches.workspace_id)
    group by breaches.policy_id, breaches.subject_type, breaches.workspace_id, breaches.subject_id

),

final as (

    select
        policies.policy_id,
        policies.rule,
        policies.severity,
        policies.description as policy,
        policies.policy_owner,
        breaches.subject_type,
        breaches.workspace_id,
        workspaces.workspace_name,
        breaches.subject_id,
        breaches.subject_name,
        breaches.owner,
        breaches.evidence,
        breaches.observed_value,
        policies.limit_value,
        '{{ var("reporting_currency") }}' as currency_code,
        breaches.money_at_stake,
        case
            when waived.waiver is null then 'open'
            when waived.waiver.expires_on >= breaches.last_day then 'waived'
            else 'waiver_expired'
        end as compliance_status,
        waived.waiver.expires_on as waiver_expires_on,
        waived.waiver.granted_by as waiver_granted_by,
        waived.waiver.reason as waiver_reason,
        policies.remediation,
        breaches.first_day,
        breaches.last_day
    from breaches
    inner join policies
        on breaches.policy_id = policies.policy_id
    left join waived
        on
            breaches.policy_id = waived.policy_id
            and breaches.subject_type = waived.subject_type
            and breaches.workspace_id <=> waived.workspace_id
            and breaches.subject_id = waived.subject_id
    left join {{ ref("int_workspace_names") }} as workspaces
        on breaches.workspace_id <=> workspaces.workspace_id

)

select * from final
