select
    example,
    {{ dbt_utils.generate_surrogate_key(["a"]) }} as of_one,
    {{ dbt_utils.generate_surrogate_key(["a", "b", "c"]) }} as of_three,
    {{ dbt_utils.generate_surrogate_key(["coalesce(a, 'x')", "d", "e"]) }} as of_expressions
from values
    ('plain', 'w1', 7, 1.50, date'2026-03-01', timestamp'2026-03-01 10:00:00'),
    ('nulls', null, null, null, null, null),
    ('empty', '', 0, 0.00, date'0001-01-01', timestamp'1970-01-01 00:00:00.000001'),
    ('hyphens', 'a-b', -1, -0.01, date'2026-12-31', timestamp'2026-12-31 23:59:59.999999'),
    ('unicode', 'naïve ☕ 日本', 2147483647, 9.99, date'9999-12-31', timestamp'2026-06-30 12:00:00')
    as t (example, a, b, c, d, e)
