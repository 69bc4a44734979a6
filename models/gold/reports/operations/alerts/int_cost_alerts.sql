{%- set subjects = {
    "ACCOUNT": ["cast(null as string)", "account_id", "account_id", "cast(null as string)"],
    "WORKSPACE": ["workspace_id", "workspace_id", "workspace_name", "cast(null as string)"],
    "ENTITY": ["workspace_id", "entity_id", "entity_name", "owner"],
} %}
with thresholds as (

    select *
    from {{ ref("alert_thresholds") }}
    where is_active and alert_type = 'cost_over_threshold'

),

report_window as (

    {{ report_window() }}

),

daily as (

    select
        dates.date as usage_date,
        report_window.last_day,
        workspaces.account_id,
        workspaces.workspace_id,
        workspaces.workspace_name,
        entities.entity_type,
        entities.entity_id,
        entities.entity_name,
        entities.owner,
        sum(costs.list_cost) as list_cost
    from {{ ref("fct_cost_daily") }} as costs
    inner join report_window
        on costs.date_key between report_window.first_date_key and report_window.last_date_key
    inner join {{ ref("dim_date") }} as dates
        on costs.date_key = dates.date_key
    inner join {{ ref("dim_workspace") }} as workspaces
        on costs.workspace_key = workspaces.workspace_key
    inner join {{ ref("dim_entity") }} as entities
        on costs.entity_key = entities.entity_key
    group by all

),

placed as (

    {%- for applies_to, columns in subjects.items() %}
    {{ "union all" if not loop.first }}
    select
        '{{ applies_to }}' as applies_to,
        {{ "entity_type" if applies_to == "ENTITY" else "'" ~ applies_to ~ "'" }} as subject_type,
        {{ columns[0] }} as workspace_id,
        {{ columns[1] }} as subject_id,
        usage_date,
        last_day,
        {{ columns[2] }} as subject_name,
        {{ columns[3] }} as subject_owner,
        list_cost
    from daily
    {%- if applies_to == "WORKSPACE" %}
    where workspace_id is not null
    {%- endif %}
    {%- endfor %}

),

by_subject as (

    select
        applies_to,
        subject_type,
        workspace_id,
        subject_id,
        usage_date,
        last_day,
        max(subject_name) as subject_name,
        max(subject_owner) as subject_owner,
        sum(list_cost) as list_cost
    from placed
    group by applies_to, subject_type, workspace_id, subject_id, usage_date, last_day

),

over as (

    select
        by_subject.*,
        thresholds.threshold_id,
        thresholds.severity,
        thresholds.owner as alert_owner,
        thresholds.limit_value,
        row_number() over (
            partition by
                thresholds.threshold_id,
                by_subject.subject_type,
                by_subject.workspace_id,
                by_subject.subject_id
            order by by_subject.usage_date desc
        ) as place
    from by_subject
    inner join thresholds
        on by_subject.applies_to = thresholds.applies_to
    where cast(by_subject.list_cost as double) > thresholds.limit_value

),

-- Days that reach to the last complete one without a gap.
streak as (

    select *
    from over
    where date_add(usage_date, cast(place as int) - 1) = last_day

),

final as (

    select
        threshold_id,
        severity,
        alert_owner,
        subject_type,
        workspace_id,
        subject_id,
        max_by(subject_name, usage_date) as subject_name,
        max_by(subject_owner, usage_date) as subject_owner,
        concat(
            'cost ', format_number(max_by(list_cost, usage_date), 2), ' on ', max(usage_date),
            '; days in a row above ', format_number(limit_value, 2), ': ', count(*)
        ) as evidence,
        cast(max_by(list_cost, usage_date) as double) as observed_value,
        limit_value,
        cast(max_by(list_cost, usage_date) as decimal(38, 18)) as money_at_stake,
        cast(min(usage_date) as timestamp) as first_seen_at,
        cast(max(usage_date) as timestamp) as last_seen_at
    from streak
    group by threshold_id, severity, alert_owner, subject_type, workspace_id, subject_id, limit_value

)

select * from final
