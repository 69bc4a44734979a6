{#- A hash of all that makes a seed's table: its file, and what the YAML says of its columns. -#}
{% macro seed_content(model) %}
    {%- set columns = {} -%}
    {%- for name, column in model.columns.items() -%}
        {%- do columns.update({name: column.description}) -%}
    {%- endfor -%}
    {%- set settings = {} -%}
    {%- for name in ["column_types", "quote_columns", "delimiter", "file_format", "tblproperties"] -%}
        {%- do settings.update({name: model.config.get(name) | string}) -%}
    {%- endfor -%}
    {{ return(local_md5(tojson([model.checksum, model.description, columns, settings], sort_keys=true))) }}
{% endmacro %}


{#- The hash of what a seed's table holds; none where it does not say. -#}
{% macro held_seed_content(relation) %}
    {%- for row in run_query("show tblproperties " ~ relation).rows -%}
        {%- if row[0] == "platform_observability.seed_content" -%}
            {{ return(row[1]) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}
