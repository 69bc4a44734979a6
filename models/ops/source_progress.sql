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

final as (

    select
        source,
        task,
        offset_timestamp as newest_watermark,
        date_sub(
            cast(
                least(
                    offset_timestamp, committed_at - interval {{ var("source_settle_hours") | int }} hours
                ) as date
            ),
            1
        ) as complete_through,
        committed_at
    from state
    qualify row_number() over (
        partition by source, task
        order by committed_at desc, offset_timestamp desc
    ) = 1

)

select * from final
