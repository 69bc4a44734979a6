select
    coalesce(node_type, '(no node: serverless)') as node_type,
    coalesce(node_category, 'unknown') as node_category,
    core_count,
    cluster_count,
    node_hours,
    list_cost,
    failed_list_cost,
    gpu_list_cost_without_ml,
    list_cost_per_core_hour,
    core_hour_cost_ratio
from {{ ref("rpt_node_type_efficiency") }}
order by cost_rank
