{#- A table as it stood when the model was compiled, for a FROM clause. -#}
{% macro as_read(read) -%}
    {{ read.relation }}{{ " version as of " ~ read.to_version if read.to_version is not none }}
{%- endmacro %}
