select
    budget_name,
    month_start_date,
    budget_owner,
    monthly_amount,
    list_cost,
    used_share,
    expected_list_cost,
    budget_status
from {{ ref("rpt_budget_status") }}
order by month_start_date desc, used_share desc
