{#-
    Struct members are matched by name: accounts differ in the order and number of members, and a cast goes
    by position. `actual` empty means the column is not there.
-#}
{% macro conform(expression, declared, actual) -%}
    {%- set declared = declared | lower | replace(" ", "") -%}
    {%- set actual = actual | lower | replace(" ", "") -%}
    {%- if not actual -%}
        cast(null as {{ declared }})
    {%- elif declared == actual -%}
        {{ expression }}
    {%- elif declared.startswith("struct<") and actual.startswith("struct<") -%}
        {%- set present = {} -%}
        {%- for field in struct_fields(actual) -%}
            {%- do present.update({field.name: field.type}) -%}
        {%- endfor -%}
        if({{ expression }} is null, cast(null as {{ declared }}), named_struct(
            {%- for field in struct_fields(declared) -%}
            '{{ field.name }}',
            {{ conform(expression ~ ".`" ~ field.name ~ "`", field.type, present.get(field.name, "")) }}
            {{- ", " if not loop.last }}
            {%- endfor -%}
        ))
    {%- elif declared.startswith("array<struct<") and actual.startswith("array<struct<") -%}
        {%- set item = conform("item", type_arguments(declared)[0], type_arguments(actual)[0]) -%}
        transform({{ expression }}, item -> {{ item }})
    {%- elif declared.startswith("map<string,map<") and actual.startswith("map<string,string>") -%}
        {#-
            job_parameters is nested in newer accounts and flat in older ones: a flat value becomes the
            entry "value".
        -#}
        transform_values({{ expression }}, (name, value) -> map('value', value))
    {%- else -%}
        cast({{ expression }} as {{ declared }})
    {%- endif -%}
{%- endmacro %}
