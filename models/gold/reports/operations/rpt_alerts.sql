{%- set types = {
    "failed_run": "int_failed_run_alerts",
    "failure_rate": "int_failure_rate_alerts",
    "cost_over_threshold": "int_cost_alerts",
    "stale_source": "int_stale_source_alerts",
    "data_quality": "int_data_quality_alerts",
    "cost_over_budget": "int_budget_alerts",
    "cost_anomaly": "int_cost_anomaly_alerts",
    "policy_breach": "int_policy_alerts",
    "latency_regression": "int_latency_alerts",
} %}
with alerts as (

    {%- for alert_type, model_name in types.items() %}
    {{ "union all" if not loop.first }}
    select
        '{{ alert_type }}' as alert_type,
        threshold_id,
        severity,
        alert_owner,
        subject_type,
        workspace_id,
        subject_id,
        subject_name,
        subject_owner,
        evidence,
        observed_value,
        limit_value,
        money_at_stake,
        first_seen_at,
        last_seen_at
    from {{ ref(model_name) }}
    {%- endfor %}

),

final as (

    select
        {{ surrogate_key([
            "alerts.alert_type", "alerts.threshold_id", "alerts.subject_type", "alerts.workspace_id",
            "alerts.subject_id",
        ]) }} as alert_key,
        alerts.alert_type,
        alerts.threshold_id,
        alerts.severity,
        alerts.alert_owner,
        alerts.subject_type,
        alerts.workspace_id,
        workspaces.workspace_name,
        alerts.subject_id,
        alerts.subject_name,
        alerts.subject_owner,
        alerts.evidence,
        alerts.observed_value,
        alerts.limit_value,
        '{{ var("reporting_currency") }}' as currency_code,
        alerts.money_at_stake,
        alerts.first_seen_at,
        alerts.last_seen_at,
        datediff(cast({{ present_time() }} as date), cast(alerts.first_seen_at as date)) as firing_days
    from alerts
    left join {{ ref("int_workspace_names") }} as workspaces
        on alerts.workspace_id = workspaces.workspace_id

)

select * from final
