with report_window as (

    {{ report_window(["brz_billing_usage", "brz_lakeflow_job_run_timeline"]) }}

),

policies as (

    select *
    from {{ ref("compute_policies") }}
    where is_active and rule = 'jobs_on_all_purpose'

),

clusters as (

    select *
    from {{ ref("dim_cluster") }}
    where cluster_id is not null

),

cluster_costs as (

    select
        clusters.workspace_id,
        clusters.cluster_id,
        sum(costs.list_cost) as list_cost
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.first_date_key and report_window.last_date_key
    inner join clusters
        on costs.cluster_key = clusters.cluster_key
    group by clusters.workspace_id, clusters.cluster_id

),

task_clusters as (

    select
        tasks.workspace_id,
        tasks.job_id,
        tasks.job_run_id,
        tasks.entity_key,
        tasks.task_start_time,
        tasks.duration_seconds,
        task_cluster.cluster_id
    from {{ ref("fct_task_runs") }} as tasks
    inner join report_window
        on tasks.date_key between report_window.first_date_key and report_window.last_date_key
        lateral view explode(array_distinct(tasks.cluster_ids)) task_cluster as cluster_id
    where tasks.job_id is not null

),

-- What a cluster is for does not change with its configuration.
purposes as (

    select distinct
        policies.policy_id,
        policies.limit_value,
        clusters.workspace_id,
        clusters.cluster_id,
        clusters.cluster_source
    from clusters
    inner join policies
        on array_contains(split(policies.applies_to, '[|]'), clusters.cluster_source)

),

by_cluster as (

    select
        purposes.policy_id,
        purposes.limit_value,
        task_clusters.workspace_id,
        task_clusters.job_id,
        task_clusters.cluster_id,
        collect_set(task_clusters.job_run_id) as run_ids,
        sum(task_clusters.duration_seconds) as seconds,
        max(struct(task_clusters.task_start_time, task_clusters.entity_key)) as newest
    from task_clusters
    inner join purposes
        on
            task_clusters.workspace_id <=> purposes.workspace_id
            and task_clusters.cluster_id = purposes.cluster_id
    group by
        purposes.policy_id, purposes.limit_value, task_clusters.workspace_id, task_clusters.job_id,
        task_clusters.cluster_id

),

-- The jobs of a cluster share what it cost, by the time their tasks ran on it.
shared as (

    select
        by_cluster.*,
        cast(
            cast(cluster_costs.list_cost as double) * try_divide(
                by_cluster.seconds,
                sum(by_cluster.seconds) over (
                    partition by by_cluster.policy_id, by_cluster.workspace_id, by_cluster.cluster_id
                )
            ) as decimal(38, 18)
        ) as list_cost
    from by_cluster
    left join cluster_costs
        on
            by_cluster.workspace_id <=> cluster_costs.workspace_id
            and by_cluster.cluster_id = cluster_costs.cluster_id

),

by_job as (

    select
        policy_id,
        limit_value,
        workspace_id,
        job_id,
        size(array_distinct(flatten(collect_list(run_ids)))) as runs,
        array_sort(collect_set(cluster_id)) as cluster_ids,
        sum(list_cost) as money_at_stake,
        max(newest) as newest
    from shared
    group by policy_id, limit_value, workspace_id, job_id

),

final as (

    select
        by_job.policy_id,
        'JOB' as subject_type,
        by_job.workspace_id,
        by_job.job_id as subject_id,
        entities.entity_name as subject_name,
        entities.owner,
        concat(
            by_job.runs, ' runs on all-purpose clusters ', array_join(by_job.cluster_ids, ', ')
        ) as evidence,
        cast(by_job.runs as double) as observed_value,
        by_job.money_at_stake,
        report_window.first_day,
        report_window.last_day
    from by_job
    cross join report_window
    inner join {{ ref("dim_entity") }} as entities
        on by_job.newest.entity_key = entities.entity_key
    where by_job.runs > by_job.limit_value

)

select * from final
