{{ config(materialized=var("heavy_reports_materialized")) }}
{%- set periods = ["week", "month"] %}
{#- Products that run on either kind of compute; the others leave no choice. -#}
{%- set products_with_a_choice = ["ALL_PURPOSE", "DLT", "INTERACTIVE", "JOBS", "SQL"] %}
with progress as (

    select min(complete_through) as complete_through
    from {{ ref("source_progress") }}
    where task in ('brz_billing_usage', 'brz_lakeflow_job_run_timeline')

),

-- Records say whether the compute is serverless; where they do not, the name of the SKU does.
spend as (

    select
        dates.date as usage_date,
        usage.workspace_id,
        case
            when
                usage.usage_type <> 'COMPUTE_TIME'
                or usage.billing_origin_product not in ('{{ products_with_a_choice | join("', '") }}')
                then 'other'
            when usage.is_serverless or skus.is_serverless then 'serverless'
            else 'classic'
        end as compute,
        sum(usage.list_cost) as list_cost
    from {{ ref("fct_usage") }} as usage
    inner join {{ ref("dim_sku") }} as skus
        on usage.sku_key = skus.sku_key
    inner join {{ ref("dim_date") }} as dates
        on usage.date_key = dates.date_key
    inner join progress
        on dates.date <= progress.complete_through
    group by all

),

-- A run counts once, whatever SKUs it used.
billed_runs as (

    select
        costs.workspace_id,
        costs.run_id,
        bool_or(skus.is_serverless) as has_serverless,
        bool_or(not skus.is_serverless) as has_classic
    from {{ ref("fct_run_costs") }} as costs
    inner join {{ ref("dim_sku") }} as skus
        on costs.sku_key = skus.sku_key
    group by costs.workspace_id, costs.run_id

),

runs as (

    select
        dates.date as usage_date,
        runs.workspace_id,
        count_if(billed_runs.has_serverless and not billed_runs.has_classic) as serverless_runs,
        count_if(billed_runs.has_classic) as classic_runs,
        count_if(billed_runs.run_id is null) as other_runs
    from {{ ref("fct_job_runs") }} as runs
    inner join {{ ref("dim_date") }} as dates
        on runs.date_key = dates.date_key
    inner join progress
        on dates.date <= progress.complete_through
    left join billed_runs
        on
            runs.workspace_id = billed_runs.workspace_id
            and runs.run_id = billed_runs.run_id
    group by dates.date, runs.workspace_id

),

daily as (

    select
        usage_date,
        workspace_id,
        sum(list_cost) filter (where compute = 'serverless') as serverless_list_cost,
        sum(list_cost) filter (where compute = 'classic') as classic_list_cost,
        sum(list_cost) filter (where compute = 'other') as other_list_cost,
        cast(0 as bigint) as serverless_runs,
        cast(0 as bigint) as classic_runs,
        cast(0 as bigint) as other_runs
    from spend
    group by usage_date, workspace_id
    union all
    select
        usage_date,
        workspace_id,
        cast(null as decimal(38, 18)) as serverless_list_cost,
        cast(null as decimal(38, 18)) as classic_list_cost,
        cast(null as decimal(38, 18)) as other_list_cost,
        serverless_runs,
        classic_runs,
        other_runs
    from runs

),

totals as (

    select
        periods.period,
        cast(
            case periods.period
                when 'week' then date_trunc('week', daily.usage_date)
                else date_trunc('month', daily.usage_date)
            end as date
        ) as period_start_date,
        daily.workspace_id,
        sum(daily.serverless_list_cost) as serverless_list_cost,
        sum(daily.classic_list_cost) as classic_list_cost,
        sum(daily.other_list_cost) as other_list_cost,
        sum(daily.serverless_runs) as serverless_runs,
        sum(daily.classic_runs) as classic_runs,
        sum(daily.other_runs) as other_runs
    from daily
        lateral view explode(array('{{ periods | join("', '") }}')) periods as period
    group by all

),

final as (

    select
        totals.period,
        totals.period_start_date,
        progress.complete_through >= case totals.period
            when 'week' then date_add(totals.period_start_date, 6)
            else last_day(totals.period_start_date)
        end as is_complete,
        totals.workspace_id,
        workspaces.workspace_name,
        '{{ var("reporting_currency") }}' as currency_code,
        cast(totals.serverless_list_cost as decimal(38, 18)) as serverless_list_cost,
        cast(totals.classic_list_cost as decimal(38, 18)) as classic_list_cost,
        cast(totals.other_list_cost as decimal(38, 18)) as other_list_cost,
        try_divide(
            cast(coalesce(totals.serverless_list_cost, 0) as double),
            cast(coalesce(totals.serverless_list_cost, 0) + coalesce(totals.classic_list_cost, 0) as double)
        ) as serverless_cost_share,
        totals.serverless_runs,
        totals.classic_runs,
        totals.other_runs,
        try_divide(totals.serverless_runs, totals.serverless_runs + totals.classic_runs)
            as serverless_run_share
    from totals
    cross join progress
    inner join {{ ref("int_workspace_names") }} as workspaces
        on totals.workspace_id <=> workspaces.workspace_id

)

select * from final
