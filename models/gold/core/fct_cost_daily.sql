{{ config(
    incremental_strategy="rebuild_days",
    unique_key="cost_daily_key",
    partition_by=["date_key"],
    meta={"zorder": ["workspace_key", "entity_key"]},
) }}
{%- set usage = read_changes(ref("fct_usage")) %}
{{ record_reads([usage], usage.days) }}
{%- set grain = [
    "date_key", "workspace_key", "entity_key", "cluster_key", "sku_key", "currency_code"
] + tag_columns() %}

with usage as (

    select *
    from {{ as_read(usage) }}
    where {{ in_days(usage.days) }}

),

summed as (

    select
        {%- for column in grain %}
        {{ column }},
        {%- endfor %}
        cast(sum(usage_quantity) as decimal(38, 18)) as usage_quantity,
        cast(sum(list_cost) as decimal(38, 18)) as list_cost,
        cast(sum(if(is_priced, 0, usage_quantity)) as decimal(38, 18)) as unpriced_quantity,
        count(*) as record_count
    from usage
    group by {{ grain | join(", ") }}

),

final as (

    select
        {{ surrogate_key(grain) }} as cost_daily_key,
        summed.*,
        {{ hash_of("usage_quantity, list_cost, unpriced_quantity, record_count") }} as row_hash
    from summed

)

select * from final
