{#-
    'map<string,array<int>>' -> ['string', 'array<int>']; 'struct<a:int,b:string>' -> ['a:int', 'b:string'].
-#}
{% macro type_arguments(type) %}
    {%- set parts = namespace(found=[], depth=0, current="") -%}
    {%- for character in type[(type.index("<") + 1):-1] -%}
        {%- if character == "," and parts.depth == 0 -%}
            {%- do parts.found.append(parts.current | trim) -%}
            {%- set parts.current = "" -%}
        {%- else -%}
            {%- if character in "<(" -%}
                {%- set parts.depth = parts.depth + 1 -%}
            {%- elif character in ">)" -%}
                {%- set parts.depth = parts.depth - 1 -%}
            {%- endif -%}
            {%- set parts.current = parts.current ~ character -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do parts.found.append(parts.current | trim) -%}
    {{ return(parts.found) }}
{% endmacro %}
