{#-
    Name -> type of the columns that the source's YAML declares. Empty while dbt parses, when the graph is
    not there yet, and in unit tests, whose graph has no sources.
-#}
{% macro declared_columns(relation) %}
    {%- set columns = {} -%}
    {%- if execute -%}
        {%- for node in graph.get("sources", {}).values() -%}
            {%- if node.schema == relation.schema and node.identifier == relation.identifier -%}
                {%- for column in node.columns.values() -%}
                    {%- set type = column.data_type | lower | replace(" ", "") -%}
                    {%- do columns.update({column.name | lower: type}) -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{% endmacro %}
