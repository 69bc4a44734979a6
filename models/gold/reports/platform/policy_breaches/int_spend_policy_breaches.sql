with report_window as (

    {{ report_window() }}

),

policies as (

    select
        policies.*,
        split(allowed_values, '[|]') as required_tags
    from {{ ref("compute_policies") }} as policies
    where is_active and rule in ('required_tags', 'daily_cost')

),

costs as (

    select
        entities.entity_type as subject_type,
        entities.workspace_id,
        entities.entity_id as subject_id,
        costs.date_key,
        costs.list_cost,
        costs.entity_key,
        map(
            {%- for column in tag_columns() %}
            '{{ column }}', costs.{{ column }}{{ "," if not loop.last }}
            {%- endfor %}
        ) as tags
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.first_date_key and report_window.last_date_key
    inner join {{ ref("dim_entity") }} as entities
        on costs.entity_key = entities.entity_key

),

daily as (

    select
        policies.policy_id,
        policies.limit_value,
        costs.subject_type,
        costs.workspace_id,
        costs.subject_id,
        costs.date_key,
        max_by(costs.entity_key, costs.list_cost) as entity_key,
        sum(costs.list_cost) as list_cost
    from costs
    inner join policies
        on
            policies.rule = 'daily_cost'
            and array_contains(split(policies.applies_to, '[|]'), costs.subject_type)
    group by
        policies.policy_id,
        policies.limit_value,
        costs.subject_type,
        costs.workspace_id,
        costs.subject_id,
        costs.date_key

),

costly as (

    select
        policy_id,
        subject_type,
        workspace_id,
        subject_id,
        max_by(entity_key, date_key) as entity_key,
        concat(
            count(*), ' days, the worst ', max_by(date_key, list_cost), ' with ',
            cast(max(list_cost) as decimal(38, 2))
        ) as evidence,
        cast(max(list_cost) as double) as observed_value,
        sum(list_cost) as money_at_stake
    from daily
    where list_cost > limit_value
    group by policy_id, subject_type, workspace_id, subject_id

),

missing as (

    select
        policies.policy_id,
        policies.minimum_value,
        costs.subject_type,
        costs.workspace_id,
        costs.subject_id,
        costs.entity_key,
        costs.date_key,
        costs.list_cost,
        filter(policies.required_tags, key -> costs.tags[key] is null) as missing_tags
    from costs
    inner join policies
        on
            policies.rule = 'required_tags'
            and array_contains(split(policies.applies_to, '[|]'), costs.subject_type)

),

untagged as (

    select
        policy_id,
        subject_type,
        workspace_id,
        subject_id,
        max_by(entity_key, date_key) as entity_key,
        array_sort(array_distinct(flatten(collect_set(missing_tags)))) as missing_tags,
        sum(list_cost) as money_at_stake
    from missing
    where size(missing_tags) > 0
    group by policy_id, minimum_value, subject_type, workspace_id, subject_id
    having sum(list_cost) >= coalesce(minimum_value, 0)

),

breaches as (

    select *
    from costly
    union all
    select
        policy_id,
        subject_type,
        workspace_id,
        subject_id,
        entity_key,
        concat('without ', array_join(missing_tags, ', ')) as evidence,
        cast(size(missing_tags) as double) as observed_value,
        money_at_stake
    from untagged

),

final as (

    select
        breaches.policy_id,
        breaches.subject_type,
        breaches.workspace_id,
        breaches.subject_id,
        entities.entity_name as subject_name,
        entities.owner,
        breaches.evidence,
        breaches.observed_value,
        breaches.money_at_stake
    from breaches
    inner join {{ ref("dim_entity") }} as entities
        on breaches.entity_key = entities.entity_key

)

select * from final
