{#-
    Stands in for the adapter's macro: a seed whose table holds its content already is left alone, so that a
    build with nothing new writes no row of a seed either. See _macros.yml.
-#}
{% macro databricks__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {%- if not full_refresh and held_seed_content(old_relation) == seed_content(model) -%}
        {%- do model.update({"seed_is_held": true}) -%}
        {{ return("") }}
    {%- endif -%}
    {{ return(context["dbt"].databricks__reset_csv_table(model, full_refresh, old_relation, agate_table)) }}
{% endmacro %}
