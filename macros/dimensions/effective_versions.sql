{#-
    Versions with the period in which each serves: a moment that no version covers is served by the last one
    before it, and a moment before the first one by the first. So only the starts matter.
-#}
{% macro effective_versions(rows, key) -%}
    select
        versions.*,
        if(
            row_number() over (partition by {{ key | join(", ") }} order by valid_from) = 1,
            timestamp'0001-01-01 00:00:00',
            valid_from
        ) as effective_from,
        coalesce(
            lead(valid_from) over (partition by {{ key | join(", ") }} order by valid_from),
            timestamp'9999-12-31 00:00:00'
        ) as effective_to
    from {{ rows }} as versions
{%- endmacro %}
