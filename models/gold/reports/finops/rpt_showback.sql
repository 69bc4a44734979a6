{{ config(materialized=var("heavy_reports_materialized")) }}
{%- set tags = tag_columns() %}
with progress as (

    select {{ date_key("complete_through") }} as last_date_key
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

costs as (

    select
        costs.date_key,
        workspaces.workspace_id,
        {%- for tag in tags %}
        costs.{{ tag }},
        {%- endfor %}
        costs.currency_code,
        sum(costs.list_cost) as list_cost,
        sum(costs.record_count) as record_count,
        bool_or(costs.unpriced_quantity <> 0) as has_unpriced_usage
    from {{ ref("fct_cost_daily") }} as costs
    inner join {{ ref("dim_workspace") }} as workspaces
        on costs.workspace_key = workspaces.workspace_key
    inner join progress
        on costs.date_key <= progress.last_date_key
    group by costs.date_key, workspaces.workspace_id, {{ tags | join(", ") }}, costs.currency_code

),

-- All cost once for each dimension: sums hold within a dimension, never across.
allocated as (

    select
        costs.date_key,
        costs.workspace_id,
        dimensions.dimension,
        dimensions.dimension_value,
        costs.currency_code,
        costs.list_cost,
        costs.record_count,
        costs.has_unpriced_usage
    from costs
    lateral view explode(map(
        'workspace_id', costs.workspace_id
        {%- for tag in tags %},
        '{{ tag }}', costs.{{ tag }}
        {%- endfor %}
    )) dimensions as dimension, dimension_value

),

summed as (

    select
        date_key,
        dimension,
        dimension_value,
        workspace_id,
        currency_code,
        cast(sum(list_cost) as decimal(38, 18)) as list_cost,
        sum(record_count) as record_count,
        bool_or(has_unpriced_usage) as has_unpriced_usage
    from allocated
    group by date_key, dimension, dimension_value, workspace_id, currency_code

),

final as (

    select
        summed.date_key,
        dates.date as usage_date,
        dates.month_start_date,
        summed.dimension,
        summed.dimension_value is not null as is_allocated,
        coalesce(summed.dimension_value, 'unallocated') as dimension_value,
        case
            when summed.dimension_value is null then 'unallocated'
            when summed.dimension = 'workspace_id' then workspaces.workspace_name
            else summed.dimension_value
        end as dimension_label,
        summed.workspace_id,
        workspaces.workspace_name,
        summed.currency_code,
        summed.list_cost,
        try_divide(
            cast(summed.list_cost as double),
            cast(sum(summed.list_cost) over (
                partition by summed.date_key, summed.dimension, summed.currency_code
            ) as double)
        ) as cost_share,
        summed.record_count,
        summed.has_unpriced_usage
    from summed
    inner join {{ ref("dim_date") }} as dates
        on summed.date_key = dates.date_key
    inner join {{ ref("int_workspace_names") }} as workspaces
        on summed.workspace_id <=> workspaces.workspace_id

)

select * from final
