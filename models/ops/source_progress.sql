-- depends_on: {{ ref("brz_access_workspaces_latest") }}
-- depends_on: {{ ref("brz_billing_list_prices") }}
-- depends_on: {{ ref("brz_billing_usage") }}
-- depends_on: {{ ref("brz_compute_clusters") }}
-- depends_on: {{ ref("brz_compute_node_types") }}
-- depends_on: {{ ref("brz_compute_warehouses") }}
-- depends_on: {{ ref("brz_lakeflow_job_run_timeline") }}
-- depends_on: {{ ref("brz_lakeflow_job_task_run_timeline") }}
-- depends_on: {{ ref("brz_lakeflow_jobs") }}
-- depends_on: {{ ref("brz_lakeflow_pipeline_update_timeline") }}
-- depends_on: {{ ref("brz_lakeflow_pipelines") }}
-- The newest watermark the project has read from each source, and the last day that is complete by it. Of a
-- day that has just ended the source tells more for some hours: it is complete once it was read after them.
with state as (

    select *
    from {{ ref("processing_state") }}
    where
        offset_kind = 'timestamp'
        and offset_timestamp is not null

),

-- A read that found nothing newer leaves no offset; that there was nothing newer, it tells all the same.
reads as (

    select
        node_name as task,
        max(started_at) as last_read_at
    from {{ ref("model_runs") }}
    where
        resource_type = 'model'
        and status = 'success'
    group by node_name

),

newest as (

    select *
    from state
    qualify row_number() over (
        partition by source, task
        order by committed_at desc, offset_timestamp desc
    ) = 1

),

final as (

    select
        newest.source,
        newest.task,
        newest.offset_timestamp as newest_watermark,
        date_sub(
            cast(
                least(
                    newest.offset_timestamp,
                    greatest(newest.committed_at, reads.last_read_at)
                    - interval {{ var("source_settle_hours") | int }} hours
                ) as date
            ),
            1
        ) as complete_through,
        newest.committed_at
    from newest
    left join reads
        on newest.task = reads.task

)

select * from final
