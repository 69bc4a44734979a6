{{ config(materialized=var("heavy_reports_materialized")) }}
{%- set periods = ["day", "month"] %}
with progress as (

    select
        complete_through,
        {{ date_key("complete_through") }} as last_date_key
    from {{ ref("source_progress") }}
    where task = 'brz_billing_usage'

),

taxonomy as (

    select
        array_sort(collect_list(tag_key)) as all_keys,
        array_sort(collect_list(tag_key) filter (where is_required)) as required_keys
    from {{ ref("tag_taxonomy") }}

),

usage as (

    select
        usage.date_key,
        usage.workspace_id,
        usage.currency_code,
        -- Few combinations of keys occur: all else works on these, not on records.
        array_sort(array_intersect(map_keys(usage.tags), taxonomy.all_keys)) as present_keys,
        sum(usage.list_cost) as list_cost,
        count(*) as record_count
    from {{ ref("fct_usage") }} as usage
    cross join taxonomy
    inner join progress
        on usage.date_key <= progress.last_date_key
    group by all

),

-- What is asked of a record: one key, all required ones, or all of the taxonomy.
questions as (

    select
        'key' as coverage_of,
        keys.tag_key,
        array(keys.tag_key) as asked_keys
    from taxonomy
        lateral view explode(taxonomy.all_keys) keys as tag_key
    union all
    select
        'required_keys' as coverage_of,
        'all required' as tag_key,
        required_keys as asked_keys
    from taxonomy
    union all
    select
        'all_keys' as coverage_of,
        'all' as tag_key,
        all_keys as asked_keys
    from taxonomy

),

answered as (

    select
        dates.date as usage_date,
        usage.workspace_id,
        usage.currency_code,
        questions.coverage_of,
        questions.tag_key,
        sum(usage.list_cost) as list_cost,
        sum(usage.list_cost) filter (where size(array_except(questions.asked_keys, usage.present_keys)) = 0)
            as tagged_list_cost,
        sum(usage.record_count) as record_count,
        sum(if(size(array_except(questions.asked_keys, usage.present_keys)) = 0, usage.record_count, 0))
            as tagged_record_count
    from usage
    inner join {{ ref("dim_date") }} as dates
        on usage.date_key = dates.date_key
    cross join questions
    group by
        dates.date, usage.workspace_id, usage.currency_code, questions.coverage_of, questions.tag_key

),

-- Each record counts once in each kind of period, for its workspace and for the account.
summed as (

    select
        periods.period,
        if(
            periods.period = 'day',
            answered.usage_date,
            cast(date_trunc('month', answered.usage_date) as date)
        ) as period_start_date,
        scopes.scope,
        if(scopes.scope = 'workspace', answered.workspace_id, null) as workspace_id,
        answered.currency_code,
        answered.coverage_of,
        answered.tag_key,
        sum(answered.list_cost) as list_cost,
        sum(answered.tagged_list_cost) as tagged_list_cost,
        sum(answered.record_count) as record_count,
        sum(answered.tagged_record_count) as tagged_record_count
    from answered
        lateral view explode(array('{{ periods | join("', '") }}')) periods as period
        lateral view explode(array('account', 'workspace')) scopes as scope
    group by all

),

final as (

    select
        summed.period,
        summed.period_start_date,
        case summed.period
            when 'day' then true
            else progress.complete_through >= last_day(summed.period_start_date)
        end as is_complete,
        summed.scope,
        summed.workspace_id,
        if(summed.scope = 'account', 'all workspaces', workspaces.workspace_name) as workspace_name,
        summed.coverage_of,
        summed.tag_key,
        summed.currency_code,
        cast(summed.list_cost as decimal(38, 18)) as list_cost,
        cast(summed.tagged_list_cost as decimal(38, 18)) as tagged_list_cost,
        try_divide(
            cast(coalesce(summed.tagged_list_cost, 0) as double), cast(summed.list_cost as double)
        ) as cost_coverage,
        summed.record_count,
        summed.tagged_record_count,
        try_divide(summed.tagged_record_count, summed.record_count) as record_coverage
    from summed
    cross join progress
    left join {{ ref("int_workspace_names") }} as workspaces
        on summed.workspace_id <=> workspaces.workspace_id

)

select * from final
