-- source = bronze, bronze = silver + quarantine, gold = silver: records, quantity and list cost, per day,
-- SKU and unit, to the last decimal. The sum of two DECIMAL(37, 18) keeps it, that of two DECIMAL(38, 18)
-- does not.
with layers as (

    select
        date_key,
        sku_name,
        usage_unit,
        {% for layer in ["source", "bronze", "silver", "quarantine", "gold"] -%}
        sum(case when layer = '{{ layer }}' then record_count else 0 end) as {{ layer }}_records,
        sum(case when layer = '{{ layer }}' then usage_quantity else 0 end) as {{ layer }}_quantity,
        coalesce(sum(case when layer = '{{ layer }}' then list_cost end), 0) as {{ layer }}_cost
        {{- "," if not loop.last }}
        {% endfor %}
    from {{ ref("fct_reconciliation") }}
    group by date_key, sku_name, usage_unit

)

select *
from layers
where
    {% for measure in ["records", "quantity", "cost"] -%}
    {{ "or " if not loop.first }}source_{{ measure }} <> bronze_{{ measure }}
    or bronze_{{ measure }} <> cast(silver_{{ measure }} as decimal(37, 18))
    + cast(quarantine_{{ measure }} as decimal(37, 18))
    or gold_{{ measure }} <> silver_{{ measure }}
    {% endfor %}
