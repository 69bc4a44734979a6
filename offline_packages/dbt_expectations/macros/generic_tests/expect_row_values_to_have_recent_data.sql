{#
    Fails where the newest time that is not in the future is more than `interval` dateparts ago, or where
    there is none.
#}
{% test expect_row_values_to_have_recent_data(model, column_name, datepart, interval, row_condition=none) %}
    {%- set happened = "cast(" ~ column_name ~ " as timestamp)" %}
    {%- set oldest_allowed = "timestampadd(" ~ datepart ~ ", -" ~ interval ~ ", current_timestamp())" %}

    select max({{ happened }}) as newest
    from {{ model }}
    where {{ happened }} <= current_timestamp()
        {%- if row_condition %}
        and ({{ row_condition }})
        {%- endif %}
    having coalesce(max({{ happened }}) < {{ oldest_allowed }}, true)
{% endtest %}
