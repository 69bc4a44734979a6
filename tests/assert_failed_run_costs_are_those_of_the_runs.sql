-- A run costs in the report what its usage cost, however many days, SKUs and clusters it had.
with reported as (

    select
        workspace_id,
        run_id,
        list_cost
    from {{ ref("rpt_failed_run_costs") }}

),

used as (

    select
        workspace_id,
        job_run_id as run_id,
        sum(list_cost) as list_cost
    from {{ ref("fct_usage") }}
    where job_run_id is not null and job_id is not null
    group by workspace_id, job_run_id

)

select
    reported.workspace_id,
    reported.run_id,
    reported.list_cost as reported_list_cost,
    used.list_cost as used_list_cost
from reported
left join used
    on reported.workspace_id <=> used.workspace_id and reported.run_id = used.run_id
where not reported.list_cost <=> used.list_cost
