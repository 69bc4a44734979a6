select
    node_name,
    resource_type,
    schema_name,
    invocation_id,
    run_started_at,
    status,
    seconds,
    seconds / 60 as minutes,
    rows_written,
    median_seconds_before,
    slowdown_ratio,
    list_cost_at_most,
    is_last_run
from {{ ref("rpt_build_performance") }}
order by run_started_at desc, seconds desc
