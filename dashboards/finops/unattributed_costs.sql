select
    reason,
    workspace_name,
    billing_origin_product,
    entity_type,
    coalesce(entity_name, entity_id) as entity_name,
    contact,
    list_cost,
    cost_share
from {{ ref("rpt_unattributed_costs") }}
order by list_cost desc nulls last
