{{ config(
    incremental_strategy="rebuild_days",
    unique_key="run_cost_key",
    partition_by=["date_key"],
    meta={"zorder": ["workspace_id", "job_id"]},
) }}
{%- set usage = read_changes(ref("fct_usage")) %}
{%- set runs = read_changes(ref("slv_job_runs")) %}
{%- set entities = read_changes(ref("dim_entity"), by_day=false) %}
{%- set job = {"entity_type": "'JOB'", "workspace_id": "facts.workspace_id", "entity_id": "facts.job_id"} %}
{#-
    The version of the job is that of the run's start, which usage of another day or the timeline may move.
-#}
{%- set days = touched_days([
    usage.days,
    days_with_changes(
        this, runs, "facts.workspace_id <=> changes.workspace_id and facts.run_id = changes.run_id"
    ),
    days_with_changes(
        this,
        usage,
        "not facts.is_listed_run and facts.workspace_id <=> changes.workspace_id"
        ~ " and facts.run_id = changes.job_run_id",
    ),
    days_to_rekey(this, entities, job, "run_start_time", from_that_day=false),
]) %}
{{ record_reads([usage, runs, entities], days) }}

with usage as (

    select *
    from {{ as_read(usage) }}
    where
        {{ in_days(days) }}
        and job_id is not null
        and job_run_id is not null

),

summed as (

    select
        workspace_id,
        job_run_id as run_id,
        date_key,
        sku_name,
        usage_unit,
        max(job_id) as job_id,
        -- A run is in one workspace, and so on one cloud.
        min(sku_key) as sku_key,
        min(usage_start_time) as first_usage_start_time,
        max(currency_code) as currency_code,
        cast(sum(usage_quantity) as decimal(38, 18)) as usage_quantity,
        cast(sum(list_cost) as decimal(38, 18)) as list_cost
    from usage
    group by workspace_id, job_run_id, date_key, sku_name, usage_unit

),

runs as (

    select
        workspace_id,
        run_id,
        run_start_time
    from {{ as_read(runs) }}

),

entities as (

    {{ effective_versions(as_read(entities), job.keys()) }}

),

first_usage_of_runs as (

    select
        workspace_id,
        run_id,
        min(first_usage_start_time) as first_usage_start_time
    from (
        select
            workspace_id,
            run_id,
            first_usage_start_time
        from summed
        {%- if days is not string %}
        union all
        -- Days that are not looked at hold the start as it was found from all of a run's days.
        select
            workspace_id,
            run_id,
            run_start_time as first_usage_start_time
        from {{ this }}
        where not is_listed_run and {{ outside_days(days) }}
        {%- endif %}
    ) as first_usage
    group by workspace_id, run_id

),

started as (

    select
        summed.*,
        coalesce(runs.run_start_time, first_usage_of_runs.first_usage_start_time) as run_start_time,
        runs.run_id is not null as is_listed_run
    from summed
    left join runs
        on summed.workspace_id <=> runs.workspace_id and summed.run_id = runs.run_id
    left join first_usage_of_runs
        on
            summed.workspace_id <=> first_usage_of_runs.workspace_id
            and summed.run_id = first_usage_of_runs.run_id

),

joined as (

    select
        started.*,
        entities.entity_key
    from started
    left join entities
        on
            entities.entity_type = 'JOB'
            and started.workspace_id <=> entities.workspace_id
            and started.job_id = entities.entity_id
            and {{ serves_at("entities", "started.run_start_time") }}

),

final as (

    select
        {{ surrogate_key(["workspace_id", "run_id", "date_key", "sku_name", "usage_unit"]) }} as run_cost_key,
        workspace_id,
        job_id,
        run_id,
        date_key,
        entity_key,
        sku_key,
        sku_name,
        usage_unit,
        currency_code,
        usage_quantity,
        list_cost,
        run_start_time,
        is_listed_run,
        {{ hash_of(
            "job_id, entity_key, sku_key, currency_code, usage_quantity, list_cost, run_start_time,"
            " is_listed_run"
        ) }} as row_hash
    from joined

)

select * from final
