{#- to_json writes milliseconds unless it is told otherwise. -#}
{% macro whole_row_hash(relation) -%}
    sha2(to_json(struct({{ relation }}.*), map('timestampFormat', 'yyyy-MM-dd HH:mm:ss.SSSSSS')), 256)
{%- endmacro %}
