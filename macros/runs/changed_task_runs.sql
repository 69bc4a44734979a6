{#- A task run says in any of its slices what its job run is: the newest that says so counts. -#}
{% macro changed_task_runs(read, slices, changed, job_run) -%}
    select
        named.workspace_id,
        named.run_id
    from (
        select
            workspace_id,
            run_id,
            {{ newest_value("job_run_id") }} as job_run_id
        from {{ slices }}
        group by workspace_id, run_id
    ) as named
    left semi join ({{ changed }}) as changed_job_runs
        on
            named.workspace_id = changed_job_runs.workspace_id
            and {{ job_run }} = changed_job_runs.attempts_of
    union
    select
        workspace_id,
        run_id
    from {{ table_changes_of(read) }}
{%- endmacro %}
