select
    source,
    freshness_status,
    severity,
    newest_watermark,
    complete_through,
    age_hours,
    error_after_hours,
    is_required,
    owner,
    description,
    if(freshness_status in ('fresh', 'no_expectation'), 0, 1) as not_fresh
from {{ ref("rpt_source_freshness") }}
order by not_fresh desc, is_required desc, age_hours desc nulls last
