with report_window as (

    {{ report_window() }}

),

clusters as (

    select *
    from {{ ref("dim_cluster") }}
    where cluster_id is not null

),

entities as (

    select *
    from {{ ref("dim_entity") }}

),

-- What the usage on a cluster is charged to: the job or pipeline that started it, else the cluster itself.
costs as (

    select
        entities.entity_type as subject_type,
        entities.workspace_id,
        entities.entity_id as subject_id,
        costs.entity_key,
        costs.cluster_key,
        costs.date_key,
        costs.list_cost
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.first_date_key and report_window.last_date_key
    inner join clusters
        on costs.cluster_key = clusters.cluster_key
    inner join entities
        on costs.entity_key = entities.entity_key

),

subjects as (

    select
        subject_type,
        workspace_id,
        subject_id,
        sum(list_cost) as list_cost,
        max(date_key) as last_date_key,
        max_by(entity_key, date_key) as entity_key
    from costs
    group by subject_type, workspace_id, subject_id

),

in_use as (

    -- Jobs and pipelines start a new cluster each time: those of their last day tell how they are set up now.
    select distinct
        costs.subject_type,
        costs.workspace_id,
        costs.subject_id,
        costs.cluster_key
    from costs
    inner join subjects
        on
            costs.subject_type = subjects.subject_type
            and costs.workspace_id <=> subjects.workspace_id
            and costs.subject_id = subjects.subject_id
            and costs.date_key = subjects.last_date_key
    where costs.subject_type <> 'CLUSTER'
    union all
    -- An interactive cluster stands as it is configured now, whether or not anybody used it.
    select
        'CLUSTER' as subject_type,
        workspace_id,
        cluster_id as subject_id,
        cluster_key
    from clusters
    where is_current and cluster_source in ('UI', 'API')

),

final as (

    select
        in_use.subject_type,
        in_use.workspace_id,
        in_use.subject_id,
        if(in_use.subject_type = 'CLUSTER', clusters.cluster_name, entities.entity_name) as subject_name,
        if(in_use.subject_type = 'CLUSTER', clusters.owner, entities.owner) as owner,
        in_use.cluster_key,
        clusters.cluster_id,
        clusters.cluster_source,
        clusters.driver_node_type,
        clusters.worker_node_type,
        clusters.worker_count,
        clusters.is_autoscaling,
        clusters.auto_termination_minutes,
        clusters.dbr_version,
        clusters.dbr_major_version,
        clusters.dbr_minor_version,
        subjects.list_cost,
        subjects.last_date_key
    from in_use
    inner join clusters
        on in_use.cluster_key = clusters.cluster_key
    left join subjects
        on
            in_use.subject_type = subjects.subject_type
            and in_use.workspace_id <=> subjects.workspace_id
            and in_use.subject_id = subjects.subject_id
    left join entities
        on subjects.entity_key = entities.entity_key
    where not clusters.is_unlisted

)

select * from final
