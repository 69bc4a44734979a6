{#- See _macros.yml. -#}
{% macro deleted_jobs() -%}
    select
        workspace_id,
        entity_id as job_id
    from {{ ref("dim_entity") }}
    where entity_type = 'JOB'
    group by workspace_id, entity_id
    having max_by(is_deleted, valid_from)
{%- endmacro %}
