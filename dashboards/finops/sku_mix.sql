select
    month_start_date,
    workspace_name,
    sku_family,
    sku_name,
    cloud,
    usage_unit,
    usage_quantity,
    list_cost,
    average_list_price,
    previous_average_list_price
from {{ ref("rpt_sku_mix") }}
order by month_start_date desc, list_cost desc nulls last
