{# Disabled: it stands for Elementary's tables, so that dbt finds what this project configures for them. #}
{{ config(enabled=false) }}
select 1 as nothing
