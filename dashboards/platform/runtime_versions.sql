select
    upgrade_priority,
    dbr_version,
    is_lts,
    end_of_support_date,
    support_days_left,
    support_status,
    upgrade_to,
    cluster_count,
    entity_count,
    list_cost
from {{ ref("rpt_runtime_versions") }}
order by upgrade_priority
