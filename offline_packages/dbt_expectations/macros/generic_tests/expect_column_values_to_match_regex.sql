{#
    Fails for each row in whose value the pattern finds nothing, or only the empty string; NULL passes.
    The pattern is written as in a SQL literal: a backslash twice.
#}
{% test expect_column_values_to_match_regex(model, column_name, regex, row_condition=none) %}
    select *
    from {{ model }}
    where regexp_extract({{ column_name }}, '{{ regex }}', 0) = ''
        {%- if row_condition %}
        and ({{ row_condition }})
        {%- endif %}
{% endtest %}
