{#- Tags of which any says who pays. -#}
{%- set payers = ["line_of_business", "department", "cost_center"] %}
with report_window as (

    {{ report_window() }}

),

usage as (

    select usage.*
    from {{ ref("fct_usage") }} as usage
    inner join report_window
        on usage.date_key between report_window.first_date_key and report_window.last_date_key
    where coalesce({% for payer in payers %}usage.{{ payer }}{{ ", " if not loop.last }}{% endfor %}) is null

),

reasons as (

    -- One reason a record: the first that applies.
    select
        usage.*,
        entities.entity_name,
        coalesce(usage.run_as, entities.owner) as contact,
        case
            when usage.workspace_id is null then 'no_workspace'
            when usage.entity_type = 'PRODUCT' then 'no_entity'
            when usage.entity_match = 'unknown' then 'unknown_entity'
            when coalesce(usage.run_as, entities.owner) is null then 'no_owner'
            else 'no_tags'
        end as reason
    from usage
    inner join {{ ref("dim_entity") }} as entities
        on usage.entity_key = entities.entity_key

),

summed as (

    select
        reason,
        workspace_id,
        billing_origin_product,
        entity_type,
        entity_id,
        currency_code,
        max_by(entity_name, usage_start_time) as entity_name,
        max_by(contact, usage_start_time) as contact,
        sum(list_cost) as list_cost,
        count_if(not is_priced) as unpriced_records,
        count(*) as record_count
    from reasons
    group by reason, workspace_id, billing_origin_product, entity_type, entity_id, currency_code

),

final as (

    select
        summed.reason,
        summed.workspace_id,
        workspaces.workspace_name,
        summed.billing_origin_product,
        summed.entity_type,
        summed.entity_id,
        summed.entity_name,
        summed.contact,
        summed.contact is null as is_nobodys,
        summed.currency_code,
        cast(summed.list_cost as decimal(38, 18)) as list_cost,
        try_divide(
            cast(summed.list_cost as double),
            cast(sum(summed.list_cost) over (partition by summed.currency_code) as double)
        ) as cost_share,
        summed.unpriced_records,
        summed.record_count,
        report_window.first_day,
        report_window.last_day
    from summed
    cross join report_window
    inner join {{ ref("int_workspace_names") }} as workspaces
        on summed.workspace_id <=> workspaces.workspace_id

)

select * from final
