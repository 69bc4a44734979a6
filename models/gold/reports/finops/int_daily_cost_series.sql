{#- What names a member of each kind of series. -#}
{%- set kinds = {
    "account": [],
    "workspace": ["workspace_id"],
    "product": ["billing_origin_product"],
    "workspace_product": ["workspace_id", "billing_origin_product"],
    "sku": ["sku_name"],
    "department": ["department"],
} %}
{%- set names = ["workspace_id", "billing_origin_product", "sku_name", "department"] %}
{#- Eight weeks before the first day that is judged. -#}
{%- set reference_days = 56 %}
with report_window as (

    {{ report_window() }}

),

costs as (

    select
        usage.date_key,
        usage.workspace_id,
        usage.billing_origin_product,
        usage.sku_name,
        usage.department,
        usage.currency_code,
        sum(usage.list_cost) as list_cost,
        count(*) as record_count,
        count_if(not usage.is_priced) as unpriced_records
    from {{ ref("fct_usage") }} as usage
    inner join report_window
        on
            usage.date_key >= {{ date_key("date_sub(report_window.first_day, " ~ reference_days ~ ")") }}
            and usage.date_key <= report_window.last_date_key
    group by
        usage.date_key, usage.workspace_id, usage.billing_origin_product, usage.sku_name, usage.department,
        usage.currency_code

),

placed as (

    -- Each record counts once in each kind of series.
    select
        dates.date as usage_date,
        series.*,
        costs.currency_code,
        costs.list_cost,
        costs.record_count,
        costs.unpriced_records
    from costs
    inner join {{ ref("dim_date") }} as dates
        on costs.date_key = dates.date_key
    lateral view inline(array(
        {%- for kind, named_by in kinds.items() %}
        named_struct(
            'series_type', '{{ kind }}'
            {%- for name in names %},
            '{{ name }}', {{ "costs." ~ name if name in named_by else "cast(null as string)" }}
            {%- endfor %}
        ){{ "," if not loop.last }}
        {%- endfor %}
    )) series as series_type, {{ names | join(", ") }}

),

daily as (

    select
        usage_date,
        series_type,
        {{ names | join(",\n        ") }},
        currency_code,
        cast(sum(list_cost) as decimal(38, 18)) as list_cost,
        sum(record_count) as record_count,
        sum(unpriced_records) as unpriced_records
    from placed
    group by usage_date, series_type, {{ names | join(", ") }}, currency_code

),

-- A day without usage is a day at 0, once the series has begun.
days as (

    select
        begun.series_type,
        {%- for name in names %}
        begun.{{ name }},
        {%- endfor %}
        begun.currency_code,
        explode(sequence(begun.first_usage_date, report_window.last_day)) as usage_date
    from (
        select
            series_type,
            {{ names | join(",\n            ") }},
            currency_code,
            min(usage_date) as first_usage_date
        from daily
        group by series_type, {{ names | join(", ") }}, currency_code
    ) as begun
    cross join report_window

),

final as (

    select
        days.usage_date,
        days.series_type,
        {%- for name in names %}
        days.{{ name }},
        {%- endfor %}
        days.currency_code,
        coalesce(daily.list_cost, 0) as list_cost,
        coalesce(daily.unpriced_records, 0) as unpriced_records,
        coalesce(try_divide(daily.unpriced_records, daily.record_count), 0) as unpriced_share,
        days.usage_date >= report_window.first_day as is_judged
    from days
    cross join report_window
    left join daily
        on
            days.usage_date = daily.usage_date
            and days.series_type = daily.series_type
            {%- for name in names %}
            and days.{{ name }} <=> daily.{{ name }}
            {%- endfor %}
            and days.currency_code = daily.currency_code
    -- A day on which nothing has a price is neither judged nor a day to judge by: its cost is not known.
    where daily.usage_date is null or daily.list_cost is not null

)

select * from final
