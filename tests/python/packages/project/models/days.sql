select date_day, typeof(date_day) as type
from ({{ dbt_utils.date_spine("day", "date'2026-02-27'", "date'2026-03-02'") }})
