{{ config(
    incremental_strategy="rebuild_days",
    unique_key="task_run_key",
    partition_by=["date_key"],
    meta={"zorder": ["workspace_id", "job_id"]},
) }}
{%- set tasks = read_changes(ref("slv_task_runs")) %}
{%- set entities = read_changes(ref("dim_entity"), by_day=false) %}
{%- set workspaces = read_changes(ref("dim_workspace"), by_day=false) %}
{%- set job = {
    "entity_type": "'JOB'",
    "workspace_id": "facts.workspace_id",
    "entity_id": "coalesce(facts.job_id, 'UNKNOWN')",
} %}
{%- set workspace = {"account_id": "facts.account_id", "workspace_id": "facts.workspace_id"} %}
{%- set days = touched_days([
    tasks.days,
    days_to_rekey(as_read(tasks), entities, job, "task_start_time"),
    days_to_rekey(as_read(tasks), workspaces, workspace, "task_start_time"),
]) %}
{{ record_reads([tasks, entities, workspaces], days) }}

with tasks as (

    select
        slv_task_runs.*,
        coalesce(job_id, 'UNKNOWN') as entity_id
    from {{ as_read(tasks) }} as slv_task_runs
    where {{ in_days(days) }}

),

entities as (

    {{ effective_versions(as_read(entities), job.keys()) }}

),

workspaces as (

    {{ effective_versions(as_read(workspaces), workspace.keys()) }}

),

joined as (

    select
        {{ surrogate_key(["tasks.workspace_id", "tasks.run_id"]) }} as task_run_key,
        tasks.account_id,
        tasks.workspace_id,
        tasks.job_id,
        tasks.job_run_id,
        tasks.run_id,
        tasks.task_key,
        tasks.attempt_number,
        tasks.previous_run_id,
        tasks.date_key,
        workspaces.workspace_key,
        entities.entity_key,
        {{ surrogate_key(["tasks.result_state", "tasks.termination_code"]) }}
            as run_status_key,
        tasks.task_start_time,
        tasks.task_end_time,
        tasks.last_period_end_time,
        tasks.duration_seconds,
        tasks.setup_duration_seconds,
        tasks.execution_duration_seconds,
        tasks.cleanup_duration_seconds,
        tasks.cluster_ids,
        tasks.result_state,
        tasks.status_group,
        tasks.termination_code,
        tasks.is_finished,
        coalesce(tasks.status_group = 'succeeded', false) as is_success,
        coalesce(tasks.status_group = 'failed', false) as is_failure
    from tasks
    left join entities
        on
            entities.entity_type = 'JOB'
            and tasks.workspace_id <=> entities.workspace_id
            and tasks.entity_id = entities.entity_id
            and {{ serves_at("entities", "tasks.task_start_time") }}
    left join workspaces
        on
            tasks.account_id <=> workspaces.account_id
            and tasks.workspace_id <=> workspaces.workspace_id
            and {{ serves_at("workspaces", "tasks.task_start_time") }}

),

final as (

    select
        joined.*,
        {{ hash_of("joined.*") }} as row_hash
    from joined

)

select * from final
