{#-
    Every attempt of a changed job run: those that are held as its own, and what has changed itself. A slice
    may name another job run than its run is held under, so the slices at hand do not tell.
-#}
{% macro changed_task_runs(read, job_run, held_on) -%}
    select
        held.workspace_id,
        held.run_id
    from {{ this }} as held
    left semi join ({{ changed_job_runs(read, held_on) }}) as changed_job_runs
        on
            held.workspace_id = changed_job_runs.workspace_id
            and {{ job_run }} = changed_job_runs.attempts_of
    where {{ in_days(held_on, "held.date_key") }}
    union
    select
        workspace_id,
        run_id
    from {{ table_changes_of(read) }}
{%- endmacro %}
