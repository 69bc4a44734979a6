{#
    Fails where the number of rows, or of the rows of a group, is outside the bounds. A group without rows
    is not seen.
#}
{% test expect_table_row_count_to_be_between(
    model, min_value=none, max_value=none, group_by=none, row_condition=none, strictly=false
) %}
    select {{ group_by | join(", ") ~ ", " if group_by }}count(*) as row_count
    from {{ model }}
    {%- if row_condition %}
    where {{ row_condition }}
    {%- endif %}
    {%- if group_by %}
    group by {{ group_by | join(", ") }}
    {%- endif %}
    having not ({{ dbt_expectations.between_bounds("count(*)", min_value, max_value, strictly) }})
{% endtest %}
