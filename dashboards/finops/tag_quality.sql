select
    finding,
    tag_key,
    tag_value,
    other_value,
    suggested_value,
    tag_level,
    other_level,
    list_cost,
    record_count
from {{ ref("rpt_tag_quality") }}
order by list_cost desc nulls last
