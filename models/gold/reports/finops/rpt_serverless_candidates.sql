with report_window as (

    {{ report_window(["brz_billing_usage", "brz_lakeflow_job_run_timeline"]) }}

),

rules as (

    select *
    from {{ ref("serverless_candidate_rules") }}
    where is_active

),

-- Runs that ended well tell how long the work takes; each counts once.
runs as (

    select
        runs.workspace_id,
        runs.job_id,
        count(*) as run_count,
        percentile(runs.duration_seconds, 0.5) as p50_duration_seconds,
        percentile(
            try_divide(runs.setup_duration_seconds, runs.duration_seconds), 0.5
        ) as p50_setup_share
    from {{ ref("fct_job_runs") }} as runs
    inner join report_window
        on runs.date_key between report_window.first_date_key and report_window.last_date_key
    where runs.is_success and runs.job_id is not null
    group by runs.workspace_id, runs.job_id

),

costs as (

    select
        entities.workspace_id,
        entities.entity_id as job_id,
        max_by(entities.entity_name, entities.valid_from) as job_name,
        max_by(entities.owner, entities.valid_from) as owner,
        sum(if(skus.is_serverless, 0, costs.list_cost)) as classic_list_cost,
        bool_or(skus.is_serverless) as has_serverless,
        bool_or(coalesce(workers.gpu_count, 0) + coalesce(drivers.gpu_count, 0) > 0) as has_gpu
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.first_date_key and report_window.last_date_key
    inner join {{ ref("dim_entity") }} as entities
        on costs.entity_key = entities.entity_key
    inner join {{ ref("dim_sku") }} as skus
        on costs.sku_key = skus.sku_key
    inner join {{ ref("dim_cluster") }} as clusters
        on costs.cluster_key = clusters.cluster_key
    left join {{ ref("dim_node_type") }} as workers
        on clusters.worker_node_type = workers.node_type
    left join {{ ref("dim_node_type") }} as drivers
        on clusters.driver_node_type = drivers.node_type
    where entities.entity_type = 'JOB'
    group by entities.workspace_id, entities.entity_id

),

deleted as (

    {{ deleted_entities("JOB") }}

),

measured as (

    select
        costs.*,
        runs.run_count,
        runs.run_count / cast({{ var("report_window_days") }} as double) as runs_a_day,
        runs.p50_duration_seconds,
        runs.p50_setup_share,
        concat(
            'half of the runs take at most ', cast(runs.p50_duration_seconds as bigint), ' seconds, ',
            round(runs.run_count / cast({{ var("report_window_days") }} as double), 1), ' runs a day'
        ) as run_words,
        concat(
            cast(round(100 * runs.p50_setup_share) as int), ' % of the time passes before the work starts'
        ) as setup_words
    from costs
    inner join runs
        on costs.workspace_id = runs.workspace_id and costs.job_id = runs.job_id
    left anti join deleted
        on costs.workspace_id <=> deleted.workspace_id and costs.job_id = deleted.entity_id
    -- Serverless compute has no GPUs to choose for jobs.
    where costs.classic_list_cost > 0 and not costs.has_gpu

),

reasons as (

    select
        measured.workspace_id,
        measured.job_id,
        rules.rule,
        rules.minimum_list_cost,
        rules.minimum_runs,
        case rules.rule
            when 'short_runs' then measured.p50_duration_seconds <= rules.limit_value
            when 'slow_start' then measured.p50_setup_share >= rules.limit_value
        end as is_met,
        case rules.rule
            when 'short_runs' then measured.run_words
            when 'slow_start' then measured.setup_words
        end as reason
    from measured
    inner join rules
        on
            measured.run_count >= rules.minimum_runs
            and measured.classic_list_cost >= rules.minimum_list_cost

),

found as (

    select
        workspace_id,
        job_id,
        array_sort(collect_list(rule)) as rules,
        array_join(array_sort(collect_list(reason)), '; ') as reason
    from reasons
    where is_met
    group by workspace_id, job_id

),

final as (

    select
        measured.workspace_id,
        workspaces.workspace_name,
        measured.job_id,
        measured.job_name,
        measured.owner,
        found.rules,
        found.reason,
        measured.run_count,
        measured.runs_a_day,
        measured.p50_duration_seconds,
        measured.p50_setup_share,
        '{{ var("reporting_currency") }}' as currency_code,
        cast(measured.classic_list_cost as decimal(38, 18)) as classic_list_cost,
        measured.has_serverless,
        report_window.first_day,
        report_window.last_day
    from measured
    cross join report_window
    inner join found
        on measured.workspace_id = found.workspace_id and measured.job_id = found.job_id
    inner join {{ ref("int_workspace_names") }} as workspaces
        on measured.workspace_id <=> workspaces.workspace_id

)

select * from final
