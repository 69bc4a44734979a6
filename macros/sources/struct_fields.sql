{#- 'struct<a:int,`b:c`:string>' -> [{'name': 'a', 'type': 'int'}, {'name': 'b:c', 'type': 'string'}]. -#}
{% macro struct_fields(type) %}
    {%- set fields = [] -%}
    {%- for argument in type_arguments(type) -%}
        {%- set name = modules.re.match("`(?:[^`]|``)*`|[^:]*", argument).group() -%}
        {%- do fields.append({
            "name": name.strip("`").replace("``", "`") if name.startswith("`") else name | trim,
            "type": argument[(name | length):].strip(": "),
        }) -%}
    {%- endfor -%}
    {{ return(fields) }}
{% endmacro %}
