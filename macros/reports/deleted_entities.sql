{#- See _macros.yml. -#}
{% macro deleted_entities(entity_type=none) -%}
    select
        entity_type,
        workspace_id,
        entity_id
    from {{ ref("dim_entity") }}
    {%- if entity_type %}
    where entity_type = '{{ entity_type }}'
    {%- endif %}
    group by entity_type, workspace_id, entity_id
    having max_by(is_deleted, valid_from)
{%- endmacro %}
