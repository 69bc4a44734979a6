{{ config(
    unique_key=["workspace_id", "run_id"],
    partition_by=["date_key"],
    meta={"zorder": ["run_id"]},
) }}
{%- set timeline = read_changes(ref("brz_lakeflow_job_run_timeline")) %}
{%- set days = days_of_changed_runs(timeline, "run_id") %}
{{ record_reads([timeline], days.touched) }}

with
{%- if timeline.mode == "changes" %}

changed_runs as (

    {{ changed_keys(timeline, ["workspace_id", "run_id"]) }}

),
{%- endif %}

slices as (

    -- All slices of a run, however old: a run is as long as its slices say, not as long as a window.
    select
        timeline.*,
        {{ slice_position("timeline") }} as slice_position
    from {{ as_read(timeline) }} as timeline
    {%- if timeline.mode == "changes" %}
    inner join changed_runs
        on timeline.workspace_id = changed_runs.workspace_id and timeline.run_id = changed_runs.run_id
    {%- endif %}
    where
        {{ in_days(days.sliced, "timeline.date_key") }}
        and timeline.workspace_id is not null
        and timeline.run_id is not null

),

collapsed as (

    select
        workspace_id,
        run_id,
        {{ newest_value("account_id") }} as account_id,
        {{ newest_value("job_id") }} as job_id,
        {{ newest_value("run_type") }} as run_type,
        {{ newest_value("run_name") }} as run_name,
        {{ newest_value("trigger_type") }} as trigger_type,
        min(period_start_time) as run_start_time,
        max(period_end_time) as last_period_end_time,
        max_by(struct(result_state, termination_code, termination_type), slice_position) as newest,
        count(result_state) as result_count,
        -- They repeat on each slice.
        max(setup_duration_seconds) as setup_duration_seconds,
        max(queue_duration_seconds) as queue_duration_seconds,
        max(run_duration_seconds) as run_duration_seconds,
        max(execution_duration_seconds) as execution_duration_seconds,
        max(cleanup_duration_seconds) as cleanup_duration_seconds,
        count(*) as slice_count,
        array_sort(collect_set(date_key)) as slice_date_keys,
        array_sort(array_compact(array_distinct(flatten(collect_list(compute_ids))))) as compute_ids,
        flatten(collect_list(compute)) as computes
    from slices
    group by workspace_id, run_id
    having min(period_start_time) is not null

),

judged as (

    -- A newest slice without a result: the run is at work, for the first time or under repair.
    select
        collapsed.*,
        newest.result_state is not null as is_finished
    from collapsed

),

runs as (

    select
        -- ids
        account_id,
        workspace_id,
        job_id,
        run_id,

        -- what it is
        run_type,
        run_name,
        trigger_type,

        -- when
        {{ date_key("run_start_time") }} as date_key,
        run_start_time,
        case when is_finished then last_period_end_time end as run_end_time,
        last_period_end_time,

        -- how it ended
        newest.result_state as result_state,
        {{ status_group("newest.result_state") }} as status_group,
        case when is_finished then newest.termination_code end as termination_code,
        case when is_finished then newest.termination_type end as termination_type,
        is_finished,

        -- how long it took
        case
            when is_finished then {{ whole_seconds("run_start_time", "last_period_end_time") }}
        end as duration_seconds,
        {%- for part in ["setup", "queue", "run", "execution", "cleanup"] %}
        case when is_finished then {{ part }}_duration_seconds end as {{ part }}_duration_seconds,
        {%- endfor %}

        -- what it is made of
        cast(
            greatest(result_count - 1, 0) + case when result_count > 0 and not is_finished then 1 else 0 end
            as int
        ) as repair_count,
        cast(slice_count as int) as slice_count,
        slice_date_keys,
        compute_ids,
        {{ run_cluster_ids("computes", "compute_ids") }} as cluster_ids
    from judged

),

final as (

    {{ changed_rows_of_runs(timeline, "runs", "changed_runs", "run_id") }}

)

select * from final
