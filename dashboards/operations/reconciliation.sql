with layers as (

    select
        dates.date as day,
        reconciliation.sku_name,
        reconciliation.layer,
        reconciliation.record_count,
        coalesce(reconciliation.list_cost, 0) as list_cost
    from {{ ref("fct_reconciliation") }} as reconciliation
    inner join {{ ref("dim_date") }} as dates
        on reconciliation.date_key = dates.date_key

)

select
    day,
    sum(if(layer = 'source', record_count, 0)) as source_records,
    sum(if(layer = 'quarantine', record_count, 0)) as quarantined_records,
    sum(if(layer = 'source', list_cost, 0)) as source_cost,
    sum(if(layer = 'bronze', list_cost, 0)) as bronze_cost,
    sum(if(layer = 'silver', list_cost, 0)) as silver_cost,
    sum(if(layer = 'quarantine', list_cost, 0)) as quarantined_cost,
    sum(if(layer = 'gold', list_cost, 0)) as gold_cost,
    sum(if(layer = 'source', list_cost, 0))
    - sum(if(layer = 'gold', list_cost, 0))
    - sum(if(layer = 'quarantine', list_cost, 0)) as lost_cost
from layers
group by day
order by day desc
