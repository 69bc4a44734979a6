{#-
    Values joined by a hyphen say one thing for 'a-b', 'c' and for 'a', 'b-c', and names and tags are free
    text: JSON keeps them apart, and leaves out what is NULL.
-#}
{% macro surrogate_key(columns) -%}
    {%- set fields = [] -%}
    {%- for column in columns -%}
        {%- do fields.append("cast(" ~ column ~ " as string) as k" ~ loop.index) -%}
    {%- endfor -%}
    {{ dbt_utils.generate_surrogate_key([json_of(fields | join(", "))]) }}
{%- endmacro %}
