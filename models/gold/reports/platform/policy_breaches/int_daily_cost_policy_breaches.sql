with report_window as (

    {{ report_window() }}

),

policies as (

    select
        compute_policies.*,
        split(applies_to, '[|]') as entity_types
    from {{ ref("compute_policies") }} as compute_policies
    where is_active and rule = 'daily_cost'

),

daily as (

    select
        policies.policy_id,
        policies.limit_value,
        entities.entity_type as subject_type,
        entities.workspace_id,
        entities.entity_id as subject_id,
        costs.date_key,
        max(struct(entities.valid_from, entities.entity_name, entities.owner)) as newest,
        sum(costs.list_cost) as list_cost
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.first_date_key and report_window.last_date_key
    inner join {{ ref("dim_entity") }} as entities
        on costs.entity_key = entities.entity_key
    inner join policies
        on array_contains(policies.entity_types, entities.entity_type)
    group by
        policies.policy_id,
        policies.limit_value,
        entities.entity_type,
        entities.workspace_id,
        entities.entity_id,
        costs.date_key

),

costly as (

    select
        policy_id,
        subject_type,
        workspace_id,
        subject_id,
        max_by(newest, date_key) as newest,
        count(*) as days,
        max_by(date_key, list_cost) as worst_date_key,
        max(list_cost) as worst_list_cost,
        sum(list_cost) as money_at_stake
    from daily
    where list_cost > limit_value
    group by policy_id, subject_type, workspace_id, subject_id

),

final as (

    select
        costly.policy_id,
        costly.subject_type,
        costly.workspace_id,
        costly.subject_id,
        costly.newest.entity_name as subject_name,
        costly.newest.owner,
        concat(
            costly.days, ' days, the worst ', costly.worst_date_key, ' with ',
            cast(costly.worst_list_cost as decimal(38, 2))
        ) as evidence,
        cast(costly.worst_list_cost as double) as observed_value,
        costly.money_at_stake,
        report_window.first_day,
        report_window.last_day
    from costly
    cross join report_window

)

select * from final
