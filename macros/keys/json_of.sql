{#-
    What is compared and hashed of a row. to_json writes times to the millisecond unless it is told otherwise:
    a correction by microseconds would then be no change.
-#}
{% macro json_of(members) -%}
    to_json(struct({{ members }}), map('timestampFormat', 'yyyy-MM-dd HH:mm:ss.SSSSSS'))
{%- endmacro %}
