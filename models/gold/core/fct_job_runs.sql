{{ config(
    incremental_strategy="rebuild_days",
    unique_key="job_run_key",
    partition_by=["date_key"],
    meta={"zorder": ["workspace_id", "job_id"]},
) }}
{%- set runs = read_changes(ref("slv_job_runs")) %}
{%- set tasks = read_changes(ref("slv_task_runs")) %}
{%- set entities = read_changes(ref("dim_entity"), by_day=false) %}
{%- set workspaces = read_changes(ref("dim_workspace"), by_day=false) %}
{%- set job = {
    "entity_type": "'JOB'",
    "workspace_id": "facts.workspace_id",
    "entity_id": "coalesce(facts.job_id, 'UNKNOWN')",
} %}
{%- set workspace = {"account_id": "facts.account_id", "workspace_id": "facts.workspace_id"} %}
{#- A task counts on the day its run started, which need not be its own. -#}
{%- set retried_days = days_with_changes(
    as_read(runs), tasks, "facts.workspace_id <=> changes.workspace_id and facts.run_id = changes.job_run_id"
) %}
{%- set days = touched_days([
    runs.days,
    retried_days,
    days_to_rekey(as_read(runs), entities, job, "run_start_time"),
    days_to_rekey(as_read(runs), workspaces, workspace, "run_start_time"),
]) %}
{{ record_reads([runs, tasks, entities, workspaces], days) }}

with runs as (

    select
        slv_job_runs.*,
        coalesce(job_id, 'UNKNOWN') as entity_id
    from {{ as_read(runs) }} as slv_job_runs
    where {{ in_days(days) }}

),

retries as (

    select
        workspace_id,
        job_run_id,
        count_if(attempt_number > 1) as task_retry_count
    from {{ as_read(tasks) }} as tasks
    left semi join runs
        on tasks.workspace_id <=> runs.workspace_id and tasks.job_run_id = runs.run_id
    {%- if days is not string and days | reject("none") | list %}
    -- A task starts when its run does or later. The first slices of the run may come last, or never.
    where tasks.date_key >= {{ days_before(days | reject("none") | min, 7) }}
    {%- endif %}
    group by workspace_id, job_run_id

),

entities as (

    {{ effective_versions(as_read(entities), job.keys()) }}

),

workspaces as (

    {{ effective_versions(as_read(workspaces), workspace.keys()) }}

),

joined as (

    select
        {{ surrogate_key(["runs.workspace_id", "runs.run_id"]) }} as job_run_key,
        runs.account_id,
        runs.workspace_id,
        runs.job_id,
        runs.run_id,
        runs.date_key,
        {{ date_key("runs.run_end_time") }} as end_date_key,
        workspaces.workspace_key,
        entities.entity_key,
        {{ surrogate_key(["runs.result_state", "runs.termination_code"]) }}
            as run_status_key,
        runs.run_type,
        {{ identities_in_text("runs.run_name") }} as run_name,
        runs.trigger_type,
        runs.run_start_time,
        runs.run_end_time,
        runs.last_period_end_time,
        runs.duration_seconds,
        runs.queue_duration_seconds,
        runs.setup_duration_seconds,
        runs.execution_duration_seconds,
        runs.cleanup_duration_seconds,
        runs.result_state,
        runs.status_group,
        runs.termination_code,
        runs.is_finished,
        coalesce(runs.status_group = 'succeeded', false) as is_success,
        coalesce(runs.status_group = 'failed', false) as is_failure,
        runs.repair_count,
        cast(coalesce(retries.task_retry_count, 0) as int) as task_retry_count
    from runs
    left join retries
        on runs.workspace_id <=> retries.workspace_id and runs.run_id = retries.job_run_id
    left join entities
        on
            entities.entity_type = 'JOB'
            and runs.workspace_id <=> entities.workspace_id
            and runs.entity_id = entities.entity_id
            and {{ serves_at("entities", "runs.run_start_time") }}
    left join workspaces
        on
            runs.account_id <=> workspaces.account_id
            and runs.workspace_id <=> workspaces.workspace_id
            and {{ serves_at("workspaces", "runs.run_start_time") }}

),

final as (

    select
        joined.*,
        {{ hash_of("joined.*") }} as row_hash
    from joined

)

select * from final
