{#- What Delta's history says of the versions after the committed one, as far as it still goes back. -#}
{% macro unread_commits(relation, committed, position) %}
    {%- if committed is none or committed.version is none or committed.table_id != position.table_id
        or committed.version >= position.version -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set newer = position.version - committed.version -%}
    {{ return(run_query("describe history " ~ relation ~ " limit " ~ newer).rows | list) }}
{% endmacro %}


{#-
    Those of them that may have changed rows. Maintenance and properties never do. A merge that found nothing
    to do leaves a commit on some engines.
-#}
{% macro commits_with_rows(commits) %}
    {%- set without_rows = [
        "ADD COLUMNS", "ADD CONSTRAINT", "CHANGE COLUMN", "DROP CONSTRAINT", "OPTIMIZE", "SET TBLPROPERTIES",
        "UNSET TBLPROPERTIES", "VACUUM END", "VACUUM START",
    ] -%}
    {%- set found = [] -%}
    {%- for commit in commits if commit["operation"] not in without_rows -%}
        {%- set counts = modules.re.findall(
            "numTargetRows(?:Inserted|Updated|Deleted)\\W+([0-9]+)", commit["operationMetrics"] | string
        ) -%}
        {%- if commit["operation"] != "MERGE" or not counts or counts | map("int") | sum > 0 -%}
            {%- do found.append(commit) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{#- Whether the first of some commits is more than a day old. -#}
{% macro is_a_day_old(commits, position) %}
    {{ return(
        commits | length > 0
        and commits | map(attribute="timestamp") | min
        < position.asked_at - modules.datetime.timedelta(days=1)
    ) }}
{% endmacro %}
