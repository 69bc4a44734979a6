{{ config(
    unique_key=["workspace_id", "update_id"],
    partition_by=["date_key"],
) }}
{%- set timeline = read_changes(ref("brz_lakeflow_pipeline_update_timeline")) %}
{%- set days = days_of_changed_runs(timeline, "update_id") %}
{{ record_reads([timeline], days.touched) }}

with
{%- if timeline.mode == "changes" %}

changed_updates as (

    {{ changed_keys(timeline, ["workspace_id", "update_id"]) }}

),
{%- endif %}

slices as (

    -- All slices of an update, however old: some last for days.
    select
        timeline.*,
        {{ slice_position("timeline") }} as slice_position
    from {{ as_read(timeline) }} as timeline
    {%- if timeline.mode == "changes" %}
    inner join changed_updates
        on
            timeline.workspace_id = changed_updates.workspace_id
            and timeline.update_id = changed_updates.update_id
    {%- endif %}
    where
        {{ in_days(days.sliced, "timeline.date_key") }}
        and timeline.workspace_id is not null
        and timeline.update_id is not null

),

collapsed as (

    select
        workspace_id,
        update_id,
        {{ newest_value("account_id") }} as account_id,
        {{ newest_value("pipeline_id") }} as pipeline_id,
        {{ newest_value("request_id") }} as request_id,
        {{ newest_value("update_type") }} as update_type,
        {{ newest_value("trigger_type") }} as trigger_type,
        {{ newest_value("trigger_details.job_task.job_id") }} as trigger_job_id,
        {{ newest_value("trigger_details.job_task.job_task_run_id") }} as trigger_task_run_id,
        {{ newest_value("run_as_user_name") }} as run_as_user_name,
        {{ newest_value("compute.type") }} as compute_type,
        min(period_start_time) as update_start_time,
        max(period_end_time) as last_period_end_time,
        max_by(struct(result_state), slice_position).result_state as result_state,
        count(*) as slice_count,
        array_sort(collect_set(date_key)) as slice_date_keys,
        array_sort(collect_set(compute.cluster_id)) as cluster_ids
    from slices
    group by workspace_id, update_id
    having min(period_start_time) is not null

),

updates as (

    select
        -- ids
        account_id,
        workspace_id,
        pipeline_id,
        update_id,
        request_id,

        -- what it is
        update_type,
        trigger_type,
        trigger_job_id,
        trigger_task_run_id,
        run_as_user_name,
        compute_type,

        -- when
        {{ date_key("update_start_time") }} as date_key,
        update_start_time,
        case when result_state is not null then last_period_end_time end as update_end_time,
        last_period_end_time,

        -- how it ended
        result_state,
        {{ status_group("result_state", succeeded=["SUCCEEDED", "COMPLETED"]) }} as status_group,
        result_state is not null as is_finished,
        case
            when result_state is not null
                then {{ whole_seconds("update_start_time", "last_period_end_time") }}
        end as duration_seconds,

        -- what it is made of
        cast(slice_count as int) as slice_count,
        slice_date_keys,
        cluster_ids
    from collapsed

),

final as (

    {{ changed_rows_of_runs(timeline, "updates", "changed_updates", "update_id") }}

)

select * from final
