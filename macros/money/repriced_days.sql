{#- The days of usage to which a changed price applies, or applied before. -#}
{% macro repriced_days(prices, usage) %}
    {%- if prices.mode != "changes" -%}
        {{ return(prices.days) }}
    {%- endif -%}
    {{ return(days_of(
        "select distinct usage.date_key from " ~ usage ~ " as usage inner join " ~ table_changes_of(prices)
        ~ " as price on " ~ price_applies("price", "usage")
    )) }}
{% endmacro %}
