{#- SHA-256 over members of a struct, as json_of writes them. -#}
{% macro hash_of(members) -%}
    sha2({{ json_of(members) }}, 256)
{%- endmacro %}
