{#- 'struct<a:int,`b c`:string>' -> [{'name': 'a', 'type': 'int'}, {'name': 'b c', 'type': 'string'}]. -#}
{% macro struct_fields(type) %}
    {%- set fields = [] -%}
    {%- for argument in type_arguments(type) -%}
        {%- set name = argument.split(":", 1)[0] | trim -%}
        {%- do fields.append({
            "name": name | replace("`", ""),
            "type": argument.split(":", 1)[1] | trim,
        }) -%}
    {%- endfor -%}
    {{ return(fields) }}
{% endmacro %}
