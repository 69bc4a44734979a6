-- Levels that disagree: the nearer one holds, the farther one is evidence.
with report_window as (

    {{ report_window() }}

),

final as (

    select
        conflict.key as tag_key,
        try_element_at(usage.tags, conflict.key) as tag_value,
        try_element_at(usage.tag_sources, conflict.key) as tag_level,
        {{ identities_in_text("conflict.value") }} as other_value,
        conflict.level as other_level,
        usage.currency_code,
        cast(sum(usage.list_cost) as decimal(38, 18)) as list_cost,
        count(*) as record_count,
        array_sort(collect_set(usage.workspace_id)) as workspace_ids,
        min(usage.date_key) as first_date_key,
        max(usage.date_key) as last_date_key
    from {{ ref("fct_usage") }} as usage
    inner join report_window
        on usage.date_key between report_window.first_date_key and report_window.last_date_key
    inner join {{ ref("slv_usage_tags") }} as resolved
        on
            usage.date_key = resolved.date_key
            and usage.record_id = resolved.record_id
            and usage.record_type = resolved.record_type
        lateral view explode(resolved.tag_conflicts) conflicts as conflict
    where size(resolved.tag_conflicts) > 0
    group by all

)

select * from final
