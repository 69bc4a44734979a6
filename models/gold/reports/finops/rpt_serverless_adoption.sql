{{ config(materialized=var("heavy_reports_materialized")) }}
{%- set periods = ["week", "month"] %}
{#- Products that run on either kind of compute; the others leave no choice. -#}
{%- set products_with_a_choice = ["ALL_PURPOSE", "DLT", "INTERACTIVE", "JOBS", "SQL"] %}
{#- No usage costs nothing; what usage without a price costs is not known. -#}
{%- set known_cost = {
    "serverless": "coalesce(serverless_list_cost, if(unpriced_serverless_records > 0, null, 0))",
    "classic": "coalesce(classic_list_cost, if(unpriced_classic_records > 0, null, 0))",
} %}
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
        sum(usage.list_cost) as list_cost,
        count_if(not usage.is_priced) as unpriced_records
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

-- A run that used both is not yet on serverless compute; one that nothing was billed for ran elsewhere.
runs as (

    select
        dates.date as usage_date,
        runs.workspace_id,
        case
            when billed_runs.has_classic then 'classic'
            when billed_runs.has_serverless then 'serverless'
            else 'other'
        end as compute,
        count(*) as run_count
    from {{ ref("fct_job_runs") }} as runs
    inner join {{ ref("dim_date") }} as dates
        on runs.date_key = dates.date_key
    inner join progress
        on dates.date <= progress.complete_through
    left join billed_runs
        on runs.workspace_id = billed_runs.workspace_id and runs.run_id = billed_runs.run_id
    group by all

),

daily as (

    select
        usage_date,
        workspace_id,
        compute,
        list_cost,
        unpriced_records,
        cast(0 as bigint) as run_count
    from spend
    union all
    select
        usage_date,
        workspace_id,
        compute,
        cast(null as decimal(38, 18)) as list_cost,
        cast(0 as bigint) as unpriced_records,
        run_count
    from runs

),

totals as (

    select
        periods.period,
        trunc(daily.usage_date, periods.period) as period_start_date,
        daily.workspace_id,
        {%- for compute in ["serverless", "classic", "other"] %}
        sum(if(daily.compute = '{{ compute }}', daily.list_cost, null)) as {{ compute }}_list_cost,
        sum(if(daily.compute = '{{ compute }}', daily.unpriced_records, 0)) as unpriced_{{ compute }}_records,
        sum(if(daily.compute = '{{ compute }}', daily.run_count, 0)) as {{ compute }}_runs
        {{- "," if not loop.last }}
        {%- endfor %}
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
            cast({{ known_cost.serverless }} as double),
            cast({{ known_cost.serverless }} + {{ known_cost.classic }} as double)
        ) as serverless_cost_share,
        totals.unpriced_serverless_records,
        totals.unpriced_classic_records,
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
