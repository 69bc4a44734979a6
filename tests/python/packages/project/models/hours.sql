select date_hour, typeof(date_hour) as type
from ({{ dbt_utils.date_spine("hour", "timestamp'2026-03-01 22:00:00'", "timestamp'2026-03-02 01:00:00'") }})
