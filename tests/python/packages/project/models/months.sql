select date_month, typeof(date_month) as type
from ({{ dbt_utils.date_spine("month", "date'2025-11-01'", "date'2026-02-01'") }})
