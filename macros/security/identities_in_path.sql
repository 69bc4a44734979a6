{#-
    A person's folder bears the name that the person signs in with: shown as everywhere else, so that nobody
    can pair the two. A mail address further down is one that someone wrote.
-#}
{% macro identities_in_path(expression) -%}
    {%- if var("mask_identities") -%}
        {%- set home = "(?i)^((?:/Workspace)?/(?:Users|Repos)/)([^/]+)(.*)$" -%}
        {%- set name = "regexp_extract(" ~ expression ~ ", '" ~ home ~ "', 2)" -%}
        case
            when {{ name }} <> ''
                then
                    concat(
                        regexp_extract({{ expression }}, '{{ home }}', 1),
                        {{ identity(name) }},
                        {{ identities_in_text("regexp_extract(" ~ expression ~ ", '" ~ home ~ "', 3)") }}
                    )
            else {{ identities_in_text(expression) }}
        end
    {%- else -%}
        {{ expression }}
    {%- endif -%}
{%- endmacro %}
