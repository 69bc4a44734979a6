{# Fails for each distinct value that is not in the set; NULL is never in it. #}
{% test expect_column_distinct_values_to_be_in_set(
    model, column_name, value_set, quote_values=true, row_condition=none
) %}
    {%- set members = [] -%}
    {%- for value in value_set -%}
        {%- do members.append("'" ~ value ~ "'" if quote_values else value) -%}
    {%- endfor -%}
    {%- if not members -%}
        {{ exceptions.raise_compiler_error("value_set is empty") }}
    {%- endif -%}

    select distinct {{ column_name }} as value_outside_set
    from {{ model }}
    where ({{ column_name }} is null or {{ column_name }} not in ({{ members | join(", ") }}))
        {%- if row_condition %}
        and ({{ row_condition }})
        {%- endif %}
{% endtest %}
