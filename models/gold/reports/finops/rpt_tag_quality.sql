{#- Letters that a name may be off by to be taken for another. -#}
{%- set most_letters_off = 2 %}
with report_window as (

    {{ report_window() }}

),

tag_values as (

    select *
    from {{ ref("int_tag_values") }}

),

-- Values that the taxonomy does not allow, with the allowed one that is nearest.
unknown_values as (

    select
        tag_values.*,
        array_min(transform(
            allowed_values, allowed -> struct(levenshtein(letters, allowed) as off, allowed as allowed)
        )) as nearest
    from tag_values
    where allowed_values is not null and not array_contains(allowed_values, tag_value)

),

-- Keys beside the taxonomy that look like one of it.
unknown_keys as (

    select
        tag_values.tag_key,
        tag_values.currency_code,
        min(struct(levenshtein(tag_values.tag_key, taxonomy.tag_key) as off, taxonomy.tag_key)) as nearest,
        sum(tag_values.list_cost) as list_cost,
        sum(tag_values.record_count) as record_count,
        array_sort(array_distinct(flatten(collect_list(tag_values.workspace_ids)))) as workspace_ids,
        min(tag_values.first_date_key) as first_date_key,
        max(tag_values.last_date_key) as last_date_key
    from tag_values
    inner join {{ ref("tag_taxonomy") }} as taxonomy
        on
            levenshtein(tag_values.tag_key, taxonomy.tag_key) <= {{ most_letters_off }}
            and length(tag_values.tag_key) > 2 * {{ most_letters_off }}
    where not tag_values.is_known_key
    group by tag_values.tag_key, tag_values.currency_code

),

findings as (

    select
        'unknown_value' as finding,
        tag_key,
        tag_value,
        if(nearest.off <= {{ most_letters_off }}, nearest.allowed, null) as suggested_value,
        cast(null as string) as similarity,
        cast(null as string) as tag_level,
        cast(null as string) as other_level,
        currency_code,
        list_cost,
        record_count,
        workspace_ids,
        first_date_key,
        last_date_key
    from unknown_values
    union all
    select
        'near_duplicate_value' as finding,
        tag_key,
        tag_value,
        suggested_value,
        similarity,
        cast(null as string) as tag_level,
        cast(null as string) as other_level,
        currency_code,
        list_cost,
        record_count,
        workspace_ids,
        first_date_key,
        last_date_key
    from {{ ref("int_tag_near_duplicates") }}
    union all
    select
        'near_duplicate_key' as finding,
        tag_key,
        cast(null as string) as tag_value,
        nearest.tag_key as suggested_value,
        'misspelled' as similarity,
        cast(null as string) as tag_level,
        cast(null as string) as other_level,
        currency_code,
        list_cost,
        record_count,
        workspace_ids,
        first_date_key,
        last_date_key
    from unknown_keys
    union all
    select
        'conflict' as finding,
        tag_key,
        tag_value,
        other_value as suggested_value,
        cast(null as string) as similarity,
        tag_level,
        other_level,
        currency_code,
        list_cost,
        record_count,
        workspace_ids,
        first_date_key,
        last_date_key
    from {{ ref("int_tag_conflicts") }}

),

final as (

    select
        findings.finding,
        findings.tag_key,
        findings.tag_value,
        findings.tag_level,
        if(findings.finding = 'conflict', findings.suggested_value, null) as other_value,
        findings.other_level,
        if(findings.finding = 'conflict', null, findings.suggested_value) as suggested_value,
        findings.similarity,
        findings.currency_code,
        cast(findings.list_cost as decimal(38, 18)) as list_cost,
        findings.record_count,
        findings.workspace_ids,
        findings.first_date_key,
        findings.last_date_key,
        report_window.first_day,
        report_window.last_day
    from findings
    cross join report_window

)

select * from final
