select
    sku_name,
    cloud,
    usage_unit,
    reason,
    record_count,
    usage_quantity
from {{ ref("rpt_unpriced_usage") }}
order by record_count desc
