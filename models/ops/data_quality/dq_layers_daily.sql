with report_window as (

    {{ report_window() }}

),

lines as (

    select
        layers.date_key,
        layers.sku_name,
        layers.usage_unit,
        {%- for layer in ["source", "bronze", "silver", "quarantine", "gold"] %}
        coalesce(sum(layers.record_count) filter (where layers.layer = '{{ layer }}'), 0)
            as {{ layer }}_records,
        coalesce(sum(layers.usage_quantity) filter (where layers.layer = '{{ layer }}'), 0)
            as {{ layer }}_quantity,
        coalesce(sum(layers.list_cost) filter (where layers.layer = '{{ layer }}'), 0) as {{ layer }}_cost
        {{- "," if not loop.last }}
        {%- endfor %}
    from {{ ref("fct_reconciliation") }} as layers
    inner join report_window
        on layers.date_key between report_window.first_date_key and report_window.last_date_key
    group by layers.date_key, layers.sku_name, layers.usage_unit

),

judged as (

    select
        date_key,
        abs(source_cost) as money,
        {%- for measure in ["records", "quantity", "cost"] %}
        source_{{ measure }} = bronze_{{ measure }}
        -- The sum of two DECIMAL(37, 18) keeps all decimals, that of two DECIMAL(38, 18) one less.
        and bronze_{{ measure }} = cast(silver_{{ measure }} as decimal(37, 18))
        + cast(quarantine_{{ measure }} as decimal(37, 18))
        and silver_{{ measure }} = gold_{{ measure }}
        {{ "and" if not loop.last else "as is_equal" }}
        {%- endfor %}
    from lines

),

final as (

    select
        date_key,
        'layers_differ' as rule_kind,
        count(*) as checked_rows,
        count_if(not is_equal) as failed_rows,
        cast(sum(money) as decimal(38, 18)) as checked_money,
        cast(coalesce(sum(money) filter (where not is_equal), 0) as decimal(38, 18)) as failed_money
    from judged
    group by date_key

)

select * from final
