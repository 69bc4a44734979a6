select
    node_name,
    resource_type,
    schema_name,
    status,
    seconds,
    run_share,
    rows_written,
    bytes_written,
    median_seconds_before,
    slowdown_ratio,
    list_cost_at_most
from {{ ref("rpt_build_performance") }}
where is_last_run
order by seconds desc
