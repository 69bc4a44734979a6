-- The runtimes add up to the usage on clusters on the days of the report.
with reported as (

    select sum(list_cost) as list_cost
    from {{ ref("rpt_runtime_versions") }}

),

clusters as (

    select sum(list_cost) as list_cost
    from {{ ref("rpt_cluster_costs") }}
    where cluster_id is not null

)

select
    reported.list_cost as reported_list_cost,
    clusters.list_cost as cluster_list_cost
from reported
cross join clusters
where not reported.list_cost <=> clusters.list_cost
