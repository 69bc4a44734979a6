{%- set days = var("report_window_days") | int %}
with progress as (

    select
        complete_through,
        {{ date_key("date_sub(complete_through, " ~ (days - 1) ~ ")") }} as first_date_key,
        {{ date_key("complete_through") }} as last_date_key,
        {{ date_key("date_sub(complete_through, " ~ (2 * days - 1) ~ ")") }} as previous_first_date_key
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

usage as (

    select
        usage.*,
        usage.date_key >= progress.first_date_key as is_recent,
        progress.previous_first_date_key,
        progress.complete_through
    from {{ ref("fct_usage") }} as usage
    inner join progress
        on usage.date_key between progress.previous_first_date_key and progress.last_date_key

),

-- A window that usage covers only in part is no comparison.
reach as (

    select min(date_key) as first_usage_date_key
    from {{ ref("fct_usage") }}

),

by_owner as (

    select
        workspace_key,
        entity_type,
        entity_id,
        currency_code,
        run_as,
        complete_through,
        sum(case when is_recent then list_cost end) as list_cost,
        sum(
            case
                when not is_recent and reach.first_usage_date_key <= previous_first_date_key then list_cost
            end
        ) as previous_list_cost,
        count_if(is_recent and not is_priced) as unpriced_records,
        array_distinct(collect_set(case when is_recent then billing_origin_product end)) as products
    from usage
    cross join reach
    group by workspace_key, entity_type, entity_id, currency_code, run_as, complete_through

),

by_entity as (

    select
        workspace_key,
        entity_type,
        entity_id,
        currency_code,
        complete_through,
        sum(list_cost) as list_cost,
        sum(previous_list_cost) as previous_list_cost,
        sum(unpriced_records) as unpriced_records,
        array_sort(array_distinct(flatten(collect_list(products)))) as products,
        -- The one who ran most of it, in money.
        max_by(run_as, coalesce(list_cost, 0)) as owner
    from by_owner
    group by workspace_key, entity_type, entity_id, currency_code, complete_through

),

final as (

    select
        rank() over (order by by_entity.list_cost desc nulls last) as cost_rank,
        workspaces.workspace_id,
        workspaces.workspace_name,
        by_entity.entity_type,
        by_entity.entity_id,
        by_entity.products,
        by_entity.owner,
        by_entity.currency_code,
        by_entity.list_cost,
        try_divide(
            cast(by_entity.list_cost as double),
            cast(sum(by_entity.list_cost) over () as double)
        ) as cost_share,
        by_entity.previous_list_cost,
        try_divide(
            cast(coalesce(by_entity.list_cost, 0) - by_entity.previous_list_cost as double),
            cast(by_entity.previous_list_cost as double)
        ) as change_ratio,
        by_entity.unpriced_records,
        date_sub(by_entity.complete_through, {{ days - 1 }}) as first_day,
        by_entity.complete_through as last_day
    from by_entity
    inner join {{ ref("dim_workspace") }} as workspaces
        on by_entity.workspace_key = workspaces.workspace_key
    where by_entity.list_cost is not null or by_entity.unpriced_records > 0

)

select * from final
