{#- See _macros.yml. -#}
{% macro check_time_zone() %}
    {%- if execute and flags.INTROSPECT and flags.WHICH in ["build", "run", "snapshot"] -%}
        {%- set zone = run_query("select current_timezone()").rows[0][0] -%}
        {%- if zone not in ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z", "+00:00"] -%}
            {{ exceptions.raise_compiler_error(
                "the sessions of this warehouse are in time zone " ~ zone ~ ", and days are days in UTC: set"
                ~ " TIMEZONE to UTC in the warehouse's settings, or session_properties: {timezone: UTC} in"
                ~ " profiles.yml"
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
