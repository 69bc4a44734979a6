{#-
    The adapter sets the properties of a Python model's table after it has been written, and not at all when a
    full refresh replaces it: its change feed would begin too late. Here they are written with the table.
-#}
{% macro py_get_writer_options() %}
    {{- context["dbt"].py_get_writer_options() -}}
    {%- for name, value in (config.get("tblproperties") or {}).items() %}
.option("{{ name }}", "{{ value }}")
    {%- endfor -%}
{% endmacro %}
