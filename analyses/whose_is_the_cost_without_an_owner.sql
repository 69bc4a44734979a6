-- Spend that no payer's tag claims: who should be asked, and which cost center do they have elsewhere?
with unclaimed as (

    select *
    from {{ ref("rpt_unattributed_costs") }}

),

days as (

    select
        max(first_day) as first_day,
        max(last_day) as last_day
    from unclaimed

),

tagged as (

    select
        usage.run_as,
        usage.cost_center,
        sum(usage.list_cost) as list_cost
    from {{ ref("fct_usage") }} as usage
    inner join {{ ref("dim_date") }} as dates
        on usage.date_key = dates.date_key
    inner join days
        on dates.date between days.first_day and days.last_day
    where usage.run_as is not null and usage.cost_center is not null
    group by usage.run_as, usage.cost_center

),

-- The cost center that most of a person's tagged spend of the same days names.
habits as (

    select *
    from tagged
    qualify row_number() over (
        partition by run_as
        order by list_cost desc nulls last, cost_center
    ) = 1

),

final as (

    select
        unclaimed.reason,
        unclaimed.workspace_name,
        unclaimed.billing_origin_product,
        unclaimed.entity_type,
        unclaimed.entity_id,
        unclaimed.entity_name,
        unclaimed.contact,
        -- A guess to ask with, no attribution.
        habits.cost_center as cost_center_of_contact,
        unclaimed.currency_code,
        unclaimed.list_cost,
        unclaimed.cost_share
    from unclaimed
    left join habits
        on unclaimed.contact = habits.run_as

)

select * from final
order by list_cost desc nulls last
