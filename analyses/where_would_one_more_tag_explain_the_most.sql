-- Which tag, put on which job, cluster or warehouse, would raise tag coverage by money the most?
with report_window as (

    {{ report_window() }}

),

usage as (

    select usage.*
    from {{ ref("fct_usage") }} as usage
    inner join report_window
        on usage.date_key between report_window.first_date_key and report_window.last_date_key

),

-- Each record once for each of the eight tags of facts.
tagged as (

    select
        usage.*,
        tags.tag_key,
        tags.tag_value
    from usage
        lateral view explode(map(
            {%- for tag in tag_columns() %}
            '{{ tag }}', usage.{{ tag }}{{ "," if not loop.last }}
            {%- endfor %}
        )) tags as tag_key, tag_value

),

missing as (

    select tagged.*
    from tagged
    inner join {{ ref("tag_taxonomy") }} as taxonomy
        on tagged.tag_key = taxonomy.tag_key and taxonomy.is_required
    where tagged.tag_value is null

),

summed as (

    select
        missing.tag_key,
        missing.entity_type,
        missing.entity_id,
        missing.workspace_id,
        missing.currency_code,
        max_by(entities.entity_name, entities.valid_from) as entity_name,
        max_by(entities.owner, entities.valid_from) as owner,
        sum(missing.list_cost) as untagged_list_cost
    from missing
    inner join {{ ref("dim_entity") }} as entities
        on missing.entity_key = entities.entity_key
    group by
        missing.tag_key, missing.entity_type, missing.entity_id, missing.workspace_id, missing.currency_code

),

totals as (

    select
        currency_code,
        sum(list_cost) as list_cost
    from usage
    group by currency_code

),

final as (

    select
        summed.tag_key,
        workspaces.workspace_name,
        summed.entity_type,
        summed.entity_id,
        summed.entity_name,
        summed.owner,
        summed.currency_code,
        summed.untagged_list_cost,
        try_divide(
            cast(summed.untagged_list_cost as double), cast(totals.list_cost as double)
        ) as coverage_gained
    from summed
    inner join totals
        on summed.currency_code = totals.currency_code
    inner join {{ ref("int_workspace_names") }} as workspaces
        on summed.workspace_id <=> workspaces.workspace_id

)

select * from final
order by untagged_list_cost desc nulls last, tag_key, entity_id
