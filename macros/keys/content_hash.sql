{#-
    Maps have no order, so they are hashed as sorted entries; everything else is hashed as it stands.
    to_json leaves out NULL columns, so a column that is added later and still NULL changes no hash.
-#}
{% macro content_hash(columns) -%}
    {%- set members = [] -%}
    {%- for column in columns -%}
        {%- do members.append(hashable(column.expression, column.type) ~ " as `" ~ column.name ~ "`") -%}
    {%- endfor -%}
    {{ hash_of(members | join(",\n        ")) }}
{%- endmacro %}


{% macro hashable(expression, type) -%}
    {%- set type = type | lower | replace(" ", "") -%}
    {%- if type.startswith("map<") -%}
        {%- set value_type = type_arguments(type)[1] -%}
        {%- if value_type.startswith("map<") -%}
            array_sort(transform(
                map_entries({{ expression }}), e -> struct(e.key, {{ hashable("e.value", value_type) }})
            ))
        {%- else -%}
            array_sort(map_entries({{ expression }}))
        {%- endif -%}
    {%- else -%}
        {{ expression }}
    {%- endif -%}
{%- endmacro %}
