with report_window as (

    {{ report_window() }}

),

-- Where the source gives no name the dimension shows the id. What no source lists has no name to be missed.
entities as (

    select
        entity_key,
        entity_name = entity_id as is_nameless
    from {{ ref("dim_entity") }}
    where
        entity_type in ('JOB', 'PIPELINE', 'WAREHOUSE', 'CLUSTER')
        and not is_unlisted

),

final as (

    select
        costs.date_key,
        'entity_without_name' as rule_kind,
        sum(costs.record_count) as checked_rows,
        coalesce(sum(costs.record_count) filter (where entities.is_nameless), 0) as failed_rows,
        cast(coalesce(sum(abs(costs.list_cost)), 0) as decimal(38, 18)) as checked_money,
        cast(
            coalesce(sum(abs(costs.list_cost)) filter (where entities.is_nameless), 0) as decimal(38, 18)
        ) as failed_money
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.first_date_key and report_window.last_date_key
    inner join entities
        on costs.entity_key = entities.entity_key
    group by costs.date_key

)

select * from final
