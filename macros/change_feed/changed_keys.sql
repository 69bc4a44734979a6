{#- The keys with a change, each once: all keys of the table where it is read whole. -#}
{% macro changed_keys(read, key) -%}
    select distinct {{ key | join(", ") }}
    from {{ table_changes_of(read) if read.mode == "changes" else as_read(read) }}
    {{- " where false" if read.mode == "none" }}
{%- endmacro %}
