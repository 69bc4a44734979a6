select
    usage_date as day,
    severity,
    series_type,
    series_name,
    direction,
    list_cost,
    expected_list_cost,
    expected_low,
    expected_high,
    list_cost_change,
    days_in_a_row
from {{ ref("rpt_cost_anomalies") }}
order by
    case severity when 'high' then 1 when 'medium' then 2 else 3 end,
    usage_date desc,
    abs(list_cost_change) desc
