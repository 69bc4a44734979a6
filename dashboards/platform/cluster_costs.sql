select
    cost_rank,
    workspace_name,
    coalesce(cluster_name, cluster_id, '(no cluster)') as cluster_name,
    coalesce(entity_name, entity_type) as used_by,
    owner,
    worker_node_type,
    is_autoscaling,
    auto_termination_minutes,
    dbr_version,
    list_cost,
    weekend_list_cost,
    active_days
from {{ ref("rpt_cluster_costs") }}
where cluster_id is not null
order by cost_rank
limit 500
