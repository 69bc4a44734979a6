{{ config(
    unique_key=["record_id", "record_type"],
) }}
{%- set usage = read_changes(ref("brz_billing_usage")) %}
{#- The day of a record may be what is missing: then its retraction is looked for on every day. -#}
{%- set days = "whole" if usage.days is not string and none in usage.days else usage.days %}
{{ record_reads([usage], days if usage.mode != "changes" else "whole") }}

with
{%- if usage.mode == "changes" %}

changed_records as (

    -- All rows of a record are judged together: whether a retraction is quarantined depends on its original.
    select distinct record_id from {{ table_changes_of(usage) }}

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
    where
        record_type = 'ORIGINAL'
        and size(own_broken_rules) > 0

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
        -- NULL deletes: a record that breaks no rule any more leaves.
        case when size(broken_rules) > 0 then sha2(concat(row_hash, to_json(broken_rules)), 256) end
            as row_hash
    from linked
    {%- if usage.mode != "changes" %}
    where size(broken_rules) > 0
    {%- endif %}

)

select * from final
