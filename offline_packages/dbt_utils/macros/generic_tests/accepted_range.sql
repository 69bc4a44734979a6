{# Fails for each row whose value is outside the bounds; NULL passes. Bounds may be SQL expressions. #}
{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
    {%- set outside = [] -%}
    {%- if min_value is not none -%}
        {%- do outside.append(column_name ~ (" < " if inclusive else " <= ") ~ "(" ~ min_value ~ ")") -%}
    {%- endif -%}
    {%- if max_value is not none -%}
        {%- do outside.append(column_name ~ (" > " if inclusive else " >= ") ~ "(" ~ max_value ~ ")") -%}
    {%- endif -%}

    select *
    from {{ model }}
    where {{ outside | join(" or ") if outside else "false" }}
{% endtest %}
