{#- The tags of the taxonomy that facts carry as columns of their own. -#}
{% macro tag_columns() %}
    {{ return([
        "line_of_business",
        "department",
        "cost_center",
        "environment",
        "use_case",
        "pipeline_name",
        "workflow_level",
        "parent_workflow_name",
    ]) }}
{% endmacro %}
