select
    period_start_date as day,
    billing_origin_product,
    list_cost
from {{ ref("rpt_cost_trends") }}
where
    period = 'week'
    and is_complete
    and list_cost is not null
