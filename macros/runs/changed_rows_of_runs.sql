{#- The last step of a model of one row a run. NULL deletes: a run without a slice in Bronze leaves. -#}
{% macro changed_rows_of_runs(read, runs, changed, id) -%}
    {%- if read.mode == "changes" -%}
    select
        {{ changed }}.workspace_id,
        {{ changed }}.{{ id }},
        {{ runs }}.* except (workspace_id, {{ id }}),
        case when {{ runs }}.{{ id }} is not null then {{ hash_of(runs ~ ".*") }} end as row_hash
    from {{ changed }}
    left join {{ runs }}
        on
            {{ changed }}.workspace_id = {{ runs }}.workspace_id
            and {{ changed }}.{{ id }} = {{ runs }}.{{ id }}
    {%- else -%}
    select
        {{ runs }}.*,
        {{ hash_of(runs ~ ".*") }} as row_hash
    from {{ runs }}
    {%- endif -%}
{%- endmacro %}
