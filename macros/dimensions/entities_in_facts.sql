{#- Which entities rows of usage and of runs name, and how: see _macros.yml. -#}
{% macro entities_in_facts(usage, runs) -%}
    select
        entity_type,
        workspace_id,
        entity_id,
        usage_start_time,
        -- Endpoints, apps and notebooks have no table of their own: usage names them.
        case entity_type
            when 'ENDPOINT' then {{ identities_in_text("usage_metadata.endpoint_name") }}
            when 'APP' then {{ identities_in_text("usage_metadata.app_name") }}
            when 'NOTEBOOK' then {{ identities_in_path("usage_metadata.notebook_path") }}
        end as name
    from {{ usage }}
    {%- for rows in runs %}
    union all
    select
        'JOB' as entity_type,
        workspace_id,
        coalesce(job_id, 'UNKNOWN') as entity_id,
        cast(null as timestamp) as usage_start_time,
        cast(null as string) as name
    from {{ rows }}
    {%- endfor %}
{%- endmacro %}
