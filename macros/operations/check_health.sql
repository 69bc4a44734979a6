{#- See _macros.yml. -#}
{% macro check_health() %}
    {%- set findings = [] -%}
    {%- for check in [runs_not_healthy, layers_not_equal, alerts_firing] -%}
        {%- do findings.extend(check()) -%}
    {%- endfor -%}
    {%- if findings -%}
        {{ exceptions.raise_compiler_error(
            "not healthy, " ~ findings | length ~ " findings:\n- " ~ findings | join("\n- ")
        ) }}
    {%- endif -%}
    {%- do log("healthy: runs, layers and alerts were looked at", info=true) -%}
{% endmacro %}


{#- A relation of a model by its name, or none where it was not built or is not in the project. -#}
{% macro built_relation(name) %}
    {%- for node in graph.nodes.values() -%}
        {%- if node.package_name == project_name and node.name == name and node.resource_type == "model" -%}
            {{ return(load_relation(api.Relation.create(
                database=node.database, schema=node.schema, identifier=node.alias
            ))) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}


{#-
    Nodes whose newest run failed, and the absence of any run for too long. A node that is no longer in the
    project can never succeed again, and how old sources are is for `dbt source freshness` and rpt_alerts to
    say.
-#}
{% macro runs_not_healthy() %}
    {%- set relation = built_relation("model_runs") -%}
    {%- if not relation -%}
        {{ return(["no build has been recorded: plt_ops.model_runs is not there"]) }}
    {%- endif -%}
    {%- set findings = [] -%}
    {%- set hours = var("build_at_least_every_hours") | int -%}
    {%- set newest = run_query(
        "select cast(max(recorded_at) as string), coalesce(max(recorded_at)"
        ~ " >= current_timestamp() - interval " ~ hours ~ " hours, false)"
        ~ " from " ~ relation ~ " where resource_type = 'model' and status = 'success'"
    ).rows[0] -%}
    {%- if not newest[1] -%}
        {%- do findings.append(
            "no model was built in the last " ~ hours ~ " hours; the newest: " ~ (newest[0] or "never")
        ) -%}
    {%- endif -%}
    {%- set failed = run_query(
        "select node, node_name, status, coalesce(message, ''), cast(recorded_at as string) from " ~ relation
        ~ " where resource_type in ('model', 'snapshot', 'seed', 'test')"
        ~ " and status in ('error', 'fail', 'runtime error', 'partial success')"
        ~ " and (node, recorded_at) in (select node, max(recorded_at) from " ~ relation ~ " group by node)"
        ~ " order by node_name"
    ) -%}
    {%- for row in failed.rows if row[0] in graph.nodes -%}
        {%- do findings.append(row[1] ~ ": " ~ row[2] ~ " at " ~ row[4] ~ ": " ~ row[3][:200]) -%}
    {%- endfor -%}
    {{ return(findings) }}
{% endmacro %}


{#- Days on which two layers do not hold the same money. -#}
{% macro layers_not_equal() %}
    {%- set relation = built_relation("fct_reconciliation") -%}
    {%- if not relation -%}
        {{ return(["money cannot be reconciled: plt_gold.fct_reconciliation is not there"]) }}
    {%- endif -%}
    {%- set findings = [] -%}
    {#- Sums are only compared: to add two of them would lose their last decimals. -#}
    {%- set layers = {
        "source": ["source"],
        "bronze": ["bronze"],
        "silver": ["silver"],
        "silver_and_quarantine": ["silver", "quarantine"],
        "gold": ["gold"],
    } -%}
    {%- set sums = [] -%}
    {%- for name, members in layers.items() -%}
        {%- do sums.append(
            "coalesce(sum(case when layer in ('" ~ members | join("', '")
            ~ "') then list_cost end), 0) as " ~ name
        ) -%}
    {%- endfor -%}
    {%- set found = run_query(
        "select * from (select date_key, " ~ sums | join(", ") ~ " from " ~ relation ~ " group by date_key)"
        ~ " where source <> bronze or bronze <> silver_and_quarantine or silver <> gold order by date_key"
    ) -%}
    {%- for row in found.rows -%}
        {%- set amounts = [] -%}
        {%- for layer in layers -%}
            {%- do amounts.append(layer ~ " " ~ row[layer]) -%}
        {%- endfor -%}
        {%- do findings.append("the layers of day " ~ row[0] ~ " differ: " ~ amounts | join(", ")) -%}
    {%- endfor -%}
    {{ return(findings) }}
{% endmacro %}


{#-
    What rpt_alerts says of this project's own state with severity error. What a job or a cost center does is
    the account's affair, and has alerts of its own.
-#}
{% macro alerts_firing() %}
    {%- set relation = built_relation("rpt_alerts") -%}
    {%- set findings = [] -%}
    {%- if relation -%}
        {%- set found = run_query(
            "select alert_type, to_json(struct(subject_id, subject_name, evidence)) from " ~ relation
            ~ " where severity = 'error' and alert_type in ('stale_source', 'data_quality')"
            ~ " order by 1, 2 limit 50"
        ) -%}
        {%- for row in found.rows -%}
            {%- do findings.append("alert " ~ row[0] ~ ": " ~ row[1][:500]) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(findings) }}
{% endmacro %}
