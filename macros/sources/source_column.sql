{#- One source column in its declared type, under its own name. Unit tests know no declarations. -#}
{% macro source_column(read, name) -%}
    {%- if not execute or model.resource_type == "unit_test" -%}
        `{{ name }}`
    {%- elif (name | lower) not in read.declared -%}
        {{ exceptions.raise_compiler_error("column " ~ name ~ " is not declared for source " ~ read.source) }}
    {%- else -%}
        {%- set declared = read.declared[name | lower] -%}
        {%- set actual = declared if read.actual is none else read.actual.get(name | lower, "") -%}
        {{ conform("`" ~ name ~ "`", declared, actual) }} as `{{ name }}`
    {%- endif -%}
{%- endmacro %}
