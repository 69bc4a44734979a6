select
    alert_type,
    severity,
    alert_owner,
    workspace_name,
    subject_type,
    coalesce(subject_name, subject_id) as subject_name,
    subject_owner,
    evidence,
    money_at_stake,
    first_seen_at,
    firing_days
from {{ ref("rpt_alerts") }}
order by
    case severity when 'error' then 1 when 'warn' then 2 else 3 end,
    money_at_stake desc nulls last
