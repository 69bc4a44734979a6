{#-
    Exact to the last of 18 decimals, rounded half up (away from zero). A product of two DECIMAL(38,18)
    keeps 6 decimals, and no cast of the factors leaves room for all 36, so the factors are split at the
    point, towards zero: three of the four partial products are exact in 18 decimals, and the fourth,
    fraction by fraction, fits in 36 and is rounded once. All four have the sign of the result, so that they
    round the same way; nothing is negated, since Spark negates in 34 digits. The small parts are added
    first: a sum typed beyond 38 digits would lose decimals too. Each branch is cast for itself: the common
    type of all would keep the fewest decimals of any. Beyond 12 integer digits of quantity or 6 of price
    the plain product serves, with the decimals it has room for.
-#}
{% macro list_cost(quantity, price) -%}
    {%- set q = "try_cast(" ~ quantity ~ " as decimal(30, 18))" -%}
    {%- set p = "try_cast(" ~ price ~ " as decimal(24, 18))" -%}
    {%- set q_whole = "cast(if(" ~ q ~ " < 0, ceil(" ~ q ~ "), floor(" ~ q ~ ")) as decimal(12, 0))" -%}
    {%- set p_whole = "cast(if(" ~ p ~ " < 0, ceil(" ~ p ~ "), floor(" ~ p ~ ")) as decimal(6, 0))" -%}
    {%- set q_fraction = "cast(" ~ q ~ " - " ~ q_whole ~ " as decimal(18, 18))" -%}
    {%- set p_fraction = "cast(" ~ p ~ " - " ~ p_whole ~ " as decimal(18, 18))" -%}
    case
        when {{ quantity }} is null or {{ price }} is null then cast(null as decimal(38, 18))
        when {{ q }} is null or {{ p }} is null
            then try_cast(try_multiply({{ quantity }}, {{ price }}) as decimal(38, 18))
        else cast(
            {{ q_whole }} * {{ p_whole }}
            + (
                {{ q_whole }} * {{ p_fraction }}
                + ({{ q_fraction }} * {{ p_whole }} + round({{ q_fraction }} * {{ p_fraction }}, 18))
            )
            as decimal(38, 18)
        )
    end
{%- endmacro %}
