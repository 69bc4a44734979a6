{#-
    Exact to the last of 18 decimals, rounded half up (away from zero). A product of two DECIMAL(38,18) keeps 6 decimals, and no cast of the
    factors leaves room for all 36, so the factors are split at the point: three of the four partial products are exact in 18 decimals, and
    the fourth, fraction by fraction, fits in 36 and is rounded once. Signs are taken out first, so that all parts round the same way, and the
    small parts are added first, since a sum of more than 38 digits would lose decimals too.
    Beyond 12 integer digits of quantity or 6 of price the plain product serves, with the decimals it has room for.
-#}
{% macro list_cost(quantity, price) -%}
    {%- set q = "try_cast(abs(" ~ quantity ~ ") as decimal(30, 18))" -%}
    {%- set p = "try_cast(abs(" ~ price ~ ") as decimal(24, 18))" -%}
    {%- set q_whole = "cast(floor(" ~ q ~ ") as decimal(12, 0))" -%}
    {%- set p_whole = "cast(floor(" ~ p ~ ") as decimal(6, 0))" -%}
    {%- set q_fraction = "cast(" ~ q ~ " - floor(" ~ q ~ ") as decimal(18, 18))" -%}
    {%- set p_fraction = "cast(" ~ p ~ " - floor(" ~ p ~ ") as decimal(18, 18))" -%}
    {%- set product -%}
        (
            {{ q_whole }} * {{ p_whole }}
            + (
                {{ q_whole }} * {{ p_fraction }}
                + ({{ q_fraction }} * {{ p_whole }} + round({{ q_fraction }} * {{ p_fraction }}, 18))
            )
        )
    {%- endset -%}
    cast(
        case
            when {{ quantity }} is null or {{ price }} is null then null
            when {{ q }} is null or {{ p }} is null then try_multiply({{ quantity }}, {{ price }})
            when ({{ quantity }} < 0) <> ({{ price }} < 0) then -{{ product }}
            else {{ product }}
        end
        as decimal(38, 18)
    )
{%- endmacro %}
