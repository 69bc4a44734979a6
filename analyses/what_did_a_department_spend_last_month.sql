-- What did a department spend last month, and on what?
with question as (

    -- The department, as its tag says it; the month is the last one that is over.
    select
        'marketing' as department,
        add_months(date_trunc('month', date_add(max(complete_through), 1)), -1) as month_start_date
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

spent as (

    select
        costs.*,
        question.month_start_date
    from {{ ref("fct_cost_daily") }} as costs
    inner join {{ ref("dim_date") }} as dates
        on costs.date_key = dates.date_key
    inner join question
        on
            costs.department = question.department
            and dates.month_start_date = question.month_start_date

),

final as (

    select
        spent.department,
        spent.month_start_date,
        workspaces.workspace_name,
        entities.entity_type,
        -- A member that was renamed within the month has several versions: its id holds them together.
        entities.entity_id,
        max_by(entities.entity_name, entities.valid_from) as entity_name,
        max_by(entities.owner, entities.valid_from) as owner,
        skus.sku_family,
        spent.currency_code,
        sum(spent.list_cost) as list_cost,
        sum(sum(spent.list_cost)) over () as department_list_cost,
        sum(spent.unpriced_quantity) as unpriced_quantity
    from spent
    inner join {{ ref("dim_workspace") }} as workspaces
        on spent.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on spent.entity_key = entities.entity_key
    inner join {{ ref("dim_sku") }} as skus
        on spent.sku_key = skus.sku_key
    group by
        spent.department,
        spent.month_start_date,
        workspaces.workspace_name,
        entities.entity_type,
        entities.entity_id,
        skus.sku_family,
        spent.currency_code

)

select * from final
order by list_cost desc nulls last
