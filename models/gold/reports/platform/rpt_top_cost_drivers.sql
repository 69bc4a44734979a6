{{ config(materialized=var("heavy_reports_materialized")) }}
with report_window as (

    {{ report_window() }}

),

usage as (

    select
        usage.*,
        usage.date_key >= report_window.first_date_key as is_recent,
        report_window.previous_first_date_key
    from {{ ref("fct_usage") }} as usage
    inner join report_window
        on usage.date_key between report_window.previous_first_date_key and report_window.last_date_key

),

-- A window that usage covers only in part is no comparison.
reach as (

    select min(date_key) as first_usage_date_key
    from {{ ref("fct_cost_daily") }}

),

by_payer as (

    select
        usage.account_id,
        usage.workspace_id,
        usage.entity_type,
        usage.entity_id,
        usage.currency_code,
        usage.run_as,
        sum(case when usage.is_recent then usage.list_cost end) as list_cost,
        sum(
            case
                when not usage.is_recent and reach.first_usage_date_key <= usage.previous_first_date_key
                    then usage.list_cost
            end
        ) as previous_list_cost,
        max(reach.first_usage_date_key <= usage.previous_first_date_key) as has_previous_window,
        count_if(usage.is_recent and not usage.is_priced) as unpriced_records,
        count_if(not usage.is_recent and not usage.is_priced) as previous_unpriced_records,
        collect_set(case when usage.is_recent then usage.billing_origin_product end) as products,
        max(struct(usage.usage_start_time, usage.workspace_key, usage.entity_key)) as newest
    from usage
    cross join reach
    group by
        usage.account_id,
        usage.workspace_id,
        usage.entity_type,
        usage.entity_id,
        usage.currency_code,
        usage.run_as

),

by_entity as (

    select
        account_id,
        workspace_id,
        entity_type,
        entity_id,
        currency_code,
        sum(list_cost) as list_cost,
        sum(previous_list_cost) as previous_list_cost,
        max(has_previous_window) as has_previous_window,
        sum(unpriced_records) as unpriced_records,
        sum(previous_unpriced_records) as previous_unpriced_records,
        array_sort(array_distinct(flatten(collect_list(products)))) as products,
        -- The one who ran most of it, in money.
        max_by(run_as, coalesce(list_cost, 0)) as main_payer,
        max(newest) as newest
    from by_payer
    group by account_id, workspace_id, entity_type, entity_id, currency_code

),

named as (

    -- The versions of the newest usage tell today's names: a renamed job is one driver.
    select
        by_entity.*,
        workspaces.workspace_name,
        entities.entity_name,
        coalesce(entities.owner, by_entity.main_payer) as owner
    from by_entity
    inner join {{ ref("dim_workspace") }} as workspaces
        on by_entity.newest.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on by_entity.newest.entity_key = entities.entity_key
    where by_entity.list_cost is not null or by_entity.unpriced_records > 0

),

ranked as (

    select
        named.*,
        rank() over (order by list_cost desc nulls last) as cost_rank,
        sum(list_cost) over () as total_list_cost,
        sum(list_cost) over (
            order by list_cost desc nulls last, workspace_id, entity_type, entity_id, account_id
            rows between unbounded preceding and current row
        ) as cumulative_list_cost
    from named

),

final as (

    select
        ranked.cost_rank,
        ranked.account_id,
        ranked.workspace_id,
        ranked.workspace_name,
        ranked.entity_type,
        ranked.entity_id,
        ranked.entity_name,
        ranked.products,
        ranked.owner,
        ranked.currency_code,
        ranked.list_cost,
        try_divide(cast(ranked.list_cost as double), cast(ranked.total_list_cost as double)) as cost_share,
        try_divide(
            cast(ranked.cumulative_list_cost as double), cast(ranked.total_list_cost as double)
        ) as cumulative_cost_share,
        ranked.previous_list_cost,
        try_divide(
            cast(ranked.list_cost - ranked.previous_list_cost as double),
            cast(ranked.previous_list_cost as double)
        ) as change_ratio,
        case
            when not ranked.has_previous_window or ranked.list_cost is null then null
            when ranked.previous_list_cost is null
                then if(ranked.previous_unpriced_records > 0, null, 'new')
            when ranked.list_cost > ranked.previous_list_cost then 'up'
            when ranked.list_cost < ranked.previous_list_cost then 'down'
            else 'flat'
        end as trend,
        ranked.unpriced_records,
        ranked.previous_unpriced_records,
        report_window.first_day,
        report_window.last_day
    from ranked
    cross join report_window

)

select * from final
