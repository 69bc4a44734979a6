{#- See _macros.yml. In a view, both functions are of whoever reads it, not of whoever built it. -#}
{% macro is_whoever_asks(reader, readers_are) -%}
    {%- if readers_are == "users" -%}
        {{ reader }} = current_user()
    {%- elif readers_are == "groups" -%}
        ({{ reader }} = current_user() or is_account_group_member({{ reader }}))
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "var cost_center_readers_are is " ~ readers_are ~ ": it must be users or groups"
        ) }}
    {%- endif -%}
{%- endmacro %}
