{#-
    is_incremental, but false in `dbt compile --no-introspect`, which may not look whether the table exists.
-#}
{% macro is_merge() %}
    {{ return(flags.INTROSPECT and is_incremental()) }}
{% endmacro %}
