{#-
    Result states have several spellings and may be new: what is not known is "other", and NULL stays NULL.
-#}
{% macro status_group(column, succeeded=["SUCCEEDED"]) -%}
    case
        when {{ column }} is null then null
        when upper(trim({{ column }})) in ('{{ succeeded | join("', '") }}') then 'succeeded'
        when upper(trim({{ column }})) in ('FAILED', 'ERROR', 'TIMED_OUT') then 'failed'
        when upper(trim({{ column }})) in ('CANCELLED', 'CANCELED') then 'cancelled'
        when upper(trim({{ column }})) in ('SKIPPED', 'BLOCKED') then 'skipped'
        else 'other'
    end
{%- endmacro %}
