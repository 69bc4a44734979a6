select
    policy_id,
    rule,
    severity,
    policy,
    subject_type,
    workspace_name,
    coalesce(subject_name, subject_id) as subject_name,
    owner,
    evidence,
    money_at_stake,
    compliance_status,
    waiver_expires_on
from {{ ref("rpt_policy_compliance") }}
order by
    case severity when 'high' then 1 when 'medium' then 2 else 3 end,
    money_at_stake desc nulls last
