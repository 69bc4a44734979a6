{{ config(
    unique_key=["record_id", "record_type"],
) }}
{%- set usage = read_changes(ref("brz_billing_usage")) %}
{#-
    A retraction may lie on another day than its original, and is judged with it. Whatever has changed of a
    record, the day of its original is found by its key; where that has changed, so are those of retractions.
-#}
{%- set linked_days = usage.days if usage.mode != "changes" else days_of(
    "select distinct held.date_key from " ~ as_read(usage) ~ " as held"
    ~ " left semi join " ~ table_changes_of(usage) ~ " as changed on held.record_id = changed.record_id"
    ~ " and (held.record_type = 'ORIGINAL' or changed.record_type = 'ORIGINAL')"
    ~ " where held.record_type in ('ORIGINAL', 'RETRACTION')"
    ~ " and " ~ outside_days(usage.days, "held.date_key")
) %}
{%- set days = touched_days([usage.days, linked_days]) %}
{{ record_reads([usage], days if usage.mode != "changes" else "whole") }}

with
{%- if usage.mode == "changes" %}

changed_keys as (

    select
        record_id,
        record_type
    from {{ table_changes_of(usage) }}

),

changed_records as (

    -- All rows of a record are judged together: whether a retraction is quarantined depends on its original.
    select distinct record_id from changed_keys

),
{%- endif %}

records as (

    select held.*
    from {{ as_read(usage) }} as held
    {%- if usage.mode == "changes" %}
    inner join changed_records
        on held.record_id <=> changed_records.record_id
    {%- endif %}
    where {{ in_days(days, "held.date_key") }}

),

judged as (

    select
        records.*,
        array_compact(array(
            {%- for required in [
                "record_id", "record_type", "account_id", "sku_name", "cloud", "usage_unit", "usage_quantity",
                "usage_start_time", "usage_end_time", "usage_date", "ingestion_date",
            ] %}
            case when {{ required }} is null then 'missing_{{ required }}' end,
            {%- endfor %}
            case when record_type = 'ORIGINAL' and usage_quantity < 0 then 'negative_original' end,
            case when usage_end_time < usage_start_time then 'end_before_start' end,
            case
                when record_type not in ('ORIGINAL', 'RETRACTION', 'RESTATEMENT') then 'unknown_record_type'
            end
        )) as own_broken_rules
    from records

),

quarantined_originals as (

    select distinct record_id
    from judged
    where record_type = 'ORIGINAL' and size(own_broken_rules) > 0

),

linked as (

    select
        judged.*,
        array_sort(array_compact(concat(
            own_broken_rules,
            array(case
                when record_type = 'RETRACTION' and quarantined_originals.record_id is not null
                    then 'retracts_quarantined'
            end)
        ))) as broken_rules
    from judged
    left join quarantined_originals
        on judged.record_id = quarantined_originals.record_id

),
{%- if usage.mode == "changes" %}

looked_at as (

    select * from changed_keys
    union
    select
        record_id,
        record_type
    from linked

),

described as (

    -- A record that Bronze has no more has a key, and nothing else.
    select
        looked_at.record_id,
        looked_at.record_type,
        linked.* except (record_id, record_type)
    from looked_at
    left join linked
        on looked_at.record_id <=> linked.record_id and looked_at.record_type <=> linked.record_type

),
{%- endif %}

final as (

    select
        account_id,
        workspace_id,
        record_id,
        sku_name,
        cloud,
        usage_start_time,
        usage_end_time,
        usage_date,
        custom_tags,
        usage_unit,
        usage_quantity,
        usage_metadata,
        identity_metadata,
        record_type,
        ingestion_date,
        billing_origin_product,
        product_features,
        usage_type,
        date_key,
        broken_rules,
        -- NULL deletes: a record that breaks no rule any more, or that Bronze has no more, leaves.
        case when size(broken_rules) > 0 then sha2(concat(row_hash, to_json(broken_rules)), 256) end
            as row_hash
    {%- if usage.mode == "changes" %}
    from described
    {%- else %}
    from linked
    where size(broken_rules) > 0
    {%- endif %}

)

select * from final
