{#- One reading of the relation, whatever the number of kinds: see _macros.yml. -#}
{% macro findings_by_kind(relation, kinds) -%}
    select
        days.date_key,
        found.rule_kind,
        days.checked_rows,
        found.failed_rows,
        days.checked_money,
        found.failed_money
    from {{ relation }} as days
    lateral view inline(array(
        {%- for kind in kinds %}
        named_struct(
            'kind', '{{ kind }}', 'failed_rows', days.{{ kind }}_rows, 'failed_money', days.{{ kind }}_money
        ){{ "," if not loop.last }}
        {%- endfor %}
    )) found as rule_kind, failed_rows, failed_money
{%- endmacro %}
