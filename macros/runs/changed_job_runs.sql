{#-
    A slice may lack the job run that others of its run name, and a run may move from one job run to another:
    what the model holds of a changed run counts besides what the change says.
-#}
{% macro changed_job_runs(read, held_on="all") -%}
    select
        changed.workspace_id,
        explode(array(changed.run_id, changed.job_run_id)) as attempts_of
    from {{ table_changes_of(read) }} as changed
    union
    select
        held.workspace_id,
        held.job_run_id as attempts_of
    from {{ this }} as held
    left semi join {{ table_changes_of(read) }} as changed
        on held.workspace_id = changed.workspace_id and held.run_id = changed.run_id
    where {{ in_days(held_on, "held.date_key") }}
{%- endmacro %}
