{#- Nothing of a run stands in it, so that statements of two builds are the same text. -#}
{% macro statement_comment(node) %}
    {{ return(tojson({
        "project": "platform_observability",
        "target": target.name,
        "node": node.unique_id if node else "none",
    })) }}
{% endmacro %}
