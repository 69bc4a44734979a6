{%- set broken = {
    "quarantined_missing_field": "exists(broken_rules, broken_rule -> broken_rule like 'missing%')",
    "quarantined_negative_original": "array_contains(broken_rules, 'negative_original')",
    "quarantined_end_before_start": "array_contains(broken_rules, 'end_before_start')",
    "quarantined_unknown_record_type": "array_contains(broken_rules, 'unknown_record_type')",
    "quarantined_retraction": "array_contains(broken_rules, 'retracts_quarantined')",
} %}
with report_window as (

    {{ report_window() }}

),

-- Records without a day are counted on the day they came.
quarantined as (

    select
        quarantine.*,
        {{ date_key("coalesce(quarantine.usage_date, quarantine.ingestion_date)") }} as day_key
    from {{ ref("slv_usage_quarantine") }} as quarantine

),

prices as (

    select *
    from {{ ref("slv_prices") }}
    where currency_code = '{{ var("reporting_currency") }}'

),

priced as (

    select
        quarantined.day_key,
        quarantined.broken_rules,
        abs({{ list_cost("quarantined.usage_quantity", "prices.list_price") }}) as money
    from quarantined
    inner join report_window
        on quarantined.day_key between report_window.first_date_key and report_window.last_date_key
    left join prices
        on
            quarantined.sku_name = prices.sku_name
            and quarantined.cloud = prices.cloud
            and quarantined.usage_unit = prices.usage_unit
            and quarantined.usage_start_time >= prices.price_start_time
            and (prices.price_end_time is null or quarantined.usage_start_time < prices.price_end_time)

),

quarantined_days as (

    select
        day_key,
        count(*) as quarantined_rows,
        sum(money) as quarantined_money
        {%- for kind, condition in broken.items() %},
        count_if({{ condition }}) as {{ kind }}_rows,
        sum(money) filter (where {{ condition }}) as {{ kind }}_money
        {%- endfor %}
    from priced
    group by day_key

),

-- What passed was checked, too.
accepted_days as (

    select
        usage_days.date_key,
        usage_days.checked_rows,
        usage_days.checked_money
    from {{ ref("dq_usage_daily") }} as usage_days
    inner join report_window
        on usage_days.date_key between report_window.first_date_key and report_window.last_date_key
    where usage_days.rule_kind = 'usage_without_price'

),

joined as (

    select
        coalesce(accepted_days.date_key, quarantined_days.day_key) as date_key,
        coalesce(accepted_days.checked_rows, 0) + coalesce(quarantined_days.quarantined_rows, 0)
            as checked_rows,
        -- The sum of two DECIMAL(37, 18) keeps all decimals, that of two DECIMAL(38, 18) one less.
        cast(coalesce(accepted_days.checked_money, 0) as decimal(37, 18))
        + cast(coalesce(quarantined_days.quarantined_money, 0) as decimal(37, 18)) as checked_money
        {%- for kind in broken %},
        coalesce(quarantined_days.{{ kind }}_rows, 0) as {{ kind }}_rows,
        cast(coalesce(quarantined_days.{{ kind }}_money, 0) as decimal(38, 18)) as {{ kind }}_money
        {%- endfor %}
    from accepted_days
    full outer join quarantined_days
        on accepted_days.date_key = quarantined_days.day_key

),

final as (

    {{ findings_by_kind("joined", broken.keys() | list) }}

)

select * from final
