-- Values of the keys of the taxonomy in the window, with what they cost.
with report_window as (

    {{ report_window() }}

),

taxonomy as (

    select *
    from {{ ref("tag_taxonomy") }}

),

daily as (

    select
        usage.date_key,
        usage.workspace_id,
        usage.currency_code,
        tag.tag_key,
        tag.tag_value,
        sum(usage.list_cost) as list_cost,
        count(*) as record_count
    from {{ ref("fct_usage") }} as usage
    inner join report_window
        on usage.date_key between report_window.first_date_key and report_window.last_date_key
        lateral view explode(usage.tags) tag as tag_key, tag_value
    group by usage.date_key, usage.workspace_id, usage.currency_code, tag.tag_key, tag.tag_value

),

final as (

    select
        daily.tag_key,
        daily.tag_value,
        daily.currency_code,
        -- What is left of a value without case, blanks and punctuation.
        regexp_replace(lower(daily.tag_value), '[^\\p{L}\\p{N}]', '') as letters,
        taxonomy.tag_key is not null as is_known_key,
        split(taxonomy.allowed_values, '[|]') as allowed_values,
        cast(sum(daily.list_cost) as decimal(38, 18)) as list_cost,
        sum(daily.record_count) as record_count,
        array_sort(collect_set(daily.workspace_id)) as workspace_ids,
        min(daily.date_key) as first_date_key,
        max(daily.date_key) as last_date_key
    from daily
    left join taxonomy
        on daily.tag_key = taxonomy.tag_key
    group by
        daily.tag_key, daily.tag_value, daily.currency_code, taxonomy.tag_key, taxonomy.allowed_values

)

select * from final
