{{ config(
    unique_key=["workspace_id", "run_id"],
    partition_by=["date_key"],
    meta={"zorder": ["run_id"]},
) }}
{#-
    Attempts are counted within their job run, so its task runs change together. One that names no job run is
    alone.
-#}
{%- set job_run = "coalesce(job_run_id, run_id)" %}
{%- set timeline = read_changes(ref("brz_lakeflow_job_task_run_timeline")) %}
{%- set changed = changed_job_runs(timeline) if timeline.mode == "changes" %}
{%- set days = days_of_changed_runs(timeline, job_run, changed) %}
{{ record_reads([timeline], days.touched) }}

with timeline as (

    select
        held.*,
        {{ slice_position("held") }} as slice_position
    from {{ as_read(timeline) }} as held
    where
        {{ in_days(days.sliced, "held.date_key") }}
        and workspace_id is not null
        and run_id is not null

),
{%- if timeline.mode == "changes" %}

changed_runs as (

    {{ changed_task_runs(timeline, job_run, days.touched) }}

),
{%- endif %}

slices as (

    select timeline.*
    from timeline
    {%- if timeline.mode == "changes" %}
    inner join changed_runs
        on timeline.workspace_id = changed_runs.workspace_id and timeline.run_id = changed_runs.run_id
    {%- endif %}

),

collapsed as (

    select
        workspace_id,
        run_id,
        {{ newest_value("account_id") }} as account_id,
        {{ newest_value("job_id") }} as job_id,
        {{ newest_value("job_run_id") }} as job_run_id,
        {{ newest_value("parent_run_id") }} as parent_run_id,
        {{ newest_value("task_key") }} as task_key,
        min(period_start_time) as task_start_time,
        max(period_end_time) as last_period_end_time,
        max_by(struct(result_state, termination_code, termination_type), slice_position) as newest,
        -- They repeat on each slice.
        max(setup_duration_seconds) as setup_duration_seconds,
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

numbered as (

    select
        collapsed.*,
        newest.result_state is not null as is_finished,
        row_number() over attempts as attempt_number,
        lag(run_id) over attempts as previous_run_id
    from collapsed
    window attempts as (
        partition by workspace_id, job_run_id, case when job_run_id is null then run_id end, task_key
        order by task_start_time, run_id
    )

),

runs as (

    select
        -- ids
        account_id,
        workspace_id,
        job_id,
        job_run_id,
        parent_run_id,
        run_id,
        task_key,
        attempt_number,
        previous_run_id,

        -- when
        {{ date_key("task_start_time") }} as date_key,
        task_start_time,
        case when is_finished then last_period_end_time end as task_end_time,
        last_period_end_time,

        -- how it ended
        newest.result_state as result_state,
        {{ status_group("newest.result_state") }} as status_group,
        case when is_finished then newest.termination_code end as termination_code,
        case when is_finished then newest.termination_type end as termination_type,
        is_finished,

        -- how long it took
        case
            when is_finished then {{ whole_seconds("task_start_time", "last_period_end_time") }}
        end as duration_seconds,
        {%- for part in ["setup", "execution", "cleanup"] %}
        case when is_finished then {{ part }}_duration_seconds end as {{ part }}_duration_seconds,
        {%- endfor %}

        -- what it is made of
        cast(slice_count as int) as slice_count,
        slice_date_keys,
        compute_ids,
        {{ run_cluster_ids("computes", "compute_ids") }} as cluster_ids
    from numbered

),

final as (

    {{ changed_rows_of_runs(timeline, "runs", "changed_runs", "run_id") }}

)

select * from final
