select
    billing_origin_product,
    coalesce(list_cost, 0) as list_cost,
    previous_list_cost,
    list_cost_change,
    change_ratio
from {{ ref("rpt_cost_trends") }}
where period = 'month_to_date'
order by list_cost desc
