with report_window as (

    {{ report_window() }}

),

policies as (

    select
        compute_policies.*,
        split(applies_to, '[|]') as entity_types,
        split(allowed_values, '[|]') as required_tags
    from {{ ref("compute_policies") }} as compute_policies
    where is_active and rule = 'required_tags'

),

costs as (

    select
        costs.date_key,
        costs.entity_key,
        costs.list_cost,
        map(
            {%- for column in tag_columns() %}
            '{{ column }}', costs.{{ column }}{{ "," if not loop.last }}
            {%- endfor %}
        ) as tags
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.first_date_key and report_window.last_date_key

),

checked as (

    select
        policies.policy_id,
        policies.minimum_value,
        entities.entity_type as subject_type,
        entities.workspace_id,
        entities.entity_id as subject_id,
        struct(costs.date_key, entities.valid_from, entities.entity_name, entities.owner) as named,
        costs.list_cost,
        filter(policies.required_tags, key -> costs.tags[key] is null) as missing_tags
    from costs
    inner join {{ ref("dim_entity") }} as entities
        on costs.entity_key = entities.entity_key
    inner join policies
        on array_contains(policies.entity_types, entities.entity_type)

),

untagged as (

    select
        policy_id,
        subject_type,
        workspace_id,
        subject_id,
        max(named) as newest,
        array_sort(array_distinct(flatten(collect_set(missing_tags)))) as missing_tags,
        sum(list_cost) as money_at_stake
    from checked
    where size(missing_tags) > 0
    group by policy_id, minimum_value, subject_type, workspace_id, subject_id
    having sum(list_cost) >= coalesce(minimum_value, 0)

),

final as (

    select
        untagged.policy_id,
        untagged.subject_type,
        untagged.workspace_id,
        untagged.subject_id,
        untagged.newest.entity_name as subject_name,
        untagged.newest.owner,
        concat('without ', array_join(untagged.missing_tags, ', ')) as evidence,
        cast(size(untagged.missing_tags) as double) as observed_value,
        untagged.money_at_stake,
        report_window.first_day,
        report_window.last_day
    from untagged
    cross join report_window

)

select * from final
