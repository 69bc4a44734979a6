{#-
    'map<string,array<int>>' -> ['string', 'array<int>']; 'struct<a:int,b:string>' -> ['a:int', 'b:string'].
    What stands in backticks is a name, whatever it holds.
-#}
{% macro type_arguments(type) %}
    {%- set parts = namespace(found=[], depth=0, current="", is_quoted=false) -%}
    {%- for character in type[(type.index("<") + 1):-1] -%}
        {%- if character == "`" -%}
            {%- set parts.is_quoted = not parts.is_quoted -%}
        {%- endif -%}
        {%- if character == "," and parts.depth == 0 and not parts.is_quoted -%}
            {%- do parts.found.append(parts.current | trim) -%}
            {%- set parts.current = "" -%}
        {%- else -%}
            {%- if character in "<(" and not parts.is_quoted -%}
                {%- set parts.depth = parts.depth + 1 -%}
            {%- elif character in ">)" and not parts.is_quoted -%}
                {%- set parts.depth = parts.depth - 1 -%}
            {%- endif -%}
            {%- set parts.current = parts.current ~ character -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do parts.found.append(parts.current | trim) -%}
    {%- if parts.depth != 0 or parts.is_quoted -%}
        {{ exceptions.raise_compiler_error(
            "the type " ~ type ~ " cannot be read: a name in it holds one of < > ( ) `"
        ) }}
    {%- endif -%}
    {{ return(parts.found) }}
{% endmacro %}
