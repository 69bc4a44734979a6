{#
    Fails for each row on which the expression is false; where it is NULL the row passes. On a column, the
    column's name stands before the expression.
#}
{% test expression_is_true(model, expression, column_name=none) %}
    select *
    from {{ model }}
    where not ({{ column_name ~ " " if column_name is not none }}{{ expression }})
{% endtest %}
