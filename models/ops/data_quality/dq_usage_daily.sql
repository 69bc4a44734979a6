{{ config(
    materialized="incremental",
    incremental_strategy="rebuild_days",
    unique_key=["date_key", "rule_kind"],
    on_schema_change="append_new_columns",
    post_hook="{{ commit_offsets() }}",
) }}
{%- set usage = read_changes(ref("fct_usage")) %}
{{ record_reads([usage], usage.days) }}
{%- set broken = {
    "usage_without_workspace": "workspace_id is null",
    "usage_without_price": "not is_priced",
    "usage_without_owner": "run_as is null",
    "usage_of_unknown_entity": "entity_match = 'unknown'",
    "usage_of_nearest_version": "entity_match = 'nearest'",
    "usage_without_cost_center": "cost_center is null",
} %}
{%- set kinds = broken.keys() | list + ["orphan_retraction"] %}
{%- set span = [
    "date_key", "account_id", "workspace_id", "sku_name", "usage_unit", "entity_type", "entity_id",
    "job_run_id", "usage_start_time", "usage_end_time", "amount",
] %}

with usage as (

    select
        fct_usage.*,
        abs(usage_quantity) as amount,
        -- What is taken back was handled money too: it must not hide what it takes back.
        abs(list_cost) as money
    from {{ as_read(usage) }} as fct_usage
    where {{ in_days(usage.days) }}

),

totals as (

    select
        date_key,
        count(*) as checked_rows,
        cast(coalesce(sum(money), 0) as decimal(38, 18)) as checked_money
        {%- for kind, condition in broken.items() %},
        count_if({{ condition }}) as {{ kind }}_rows,
        cast(coalesce(sum(money) filter (where {{ condition }}), 0) as decimal(38, 18)) as {{ kind }}_money
        {%- endfor %}
    from usage
    group by date_key

),

-- A retraction names no record: what it takes back is the same amount in the same hour of the same thing.
taken_back as (

    select
        {%- for column in span %}
        {{ column }},
        {%- endfor %}
        count(*) as retractions,
        coalesce(sum(money), 0) as money
    from usage
    where record_type = 'RETRACTION'
    group by {{ span | join(", ") }}

),

was_there as (

    select
        {%- for column in span %}
        usage.{{ column }},
        {%- endfor %}
        count(*) as records
    from usage
    left semi join taken_back
        on {{ equal_keys("usage", "taken_back", span) }}
    where usage.record_type <> 'RETRACTION'
    group by {{ span | join(", ") }}

),

orphans as (

    select
        taken_back.date_key,
        sum(taken_back.retractions - coalesce(was_there.records, 0)) as failed_rows,
        -- Retractions of one amount in one hour cost the same.
        sum(if(
            was_there.records is null,
            taken_back.money,
            cast(
                cast(taken_back.money as double)
                * (taken_back.retractions - was_there.records) / taken_back.retractions
                as decimal(38, 18)
            )
        )) as failed_money
    from taken_back
    left join was_there
        on {{ equal_keys("taken_back", "was_there", span) }}
    where taken_back.retractions > coalesce(was_there.records, 0)
    group by taken_back.date_key

),

judged as (

    select
        totals.*,
        coalesce(orphans.failed_rows, 0) as orphan_retraction_rows,
        cast(coalesce(orphans.failed_money, 0) as decimal(38, 18)) as orphan_retraction_money
    from totals
    left join orphans
        on totals.date_key = orphans.date_key

),

found as (

    {{ findings_by_kind("judged", kinds) }}

),

final as (

    select
        found.*,
        {{ hash_of("checked_rows, failed_rows, checked_money, failed_money") }} as row_hash
    from found

)

select * from final
