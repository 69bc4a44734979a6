{%- set models = [
    "dq_usage_daily", "dq_quarantine_daily", "dq_runs_daily", "dq_entities_daily", "dq_layers_daily",
] %}
with report_window as (

    {{ report_window() }}

),

rules as (

    select *
    from {{ ref("data_quality_rules") }}
    where is_active

),

findings as (

    {%- for model_name in models %}
    {{ "union all" if not loop.first }}
    select
        date_key,
        rule_kind,
        checked_rows,
        failed_rows,
        checked_money,
        failed_money
    from {{ ref(model_name) }}
    {%- endfor %}

),

final as (

    select
        rules.rule_id,
        findings.date_key,
        rules.rule_kind,
        findings.checked_rows,
        findings.failed_rows,
        findings.checked_money,
        findings.failed_money
    from findings
    inner join report_window
        on findings.date_key between report_window.first_date_key and report_window.last_date_key
    inner join rules
        on findings.rule_kind = rules.rule_kind

)

select * from final
