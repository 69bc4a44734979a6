{#-
    Why the change feed cannot be read from where the last build stopped; empty where it can. It asks nothing:
    see unread_commits.
-#}
{% macro lost_range(committed, position, unread) %}
    {%- if committed is none or committed.version is none -%}
        {{ return("it has no committed offset") }}
    {%- elif committed.table_id != position.table_id -%}
        {{ return("the table was created anew since") }}
    {%- elif committed.version > position.version -%}
        {{ return("its version " ~ position.version ~ " is older than the committed " ~ committed.version) }}
    {%- elif committed.version == position.version -%}
        {{ return("") }}
    {%- endif -%}
    {%- if unread | map(attribute="version") | map("int") | min > committed.version + 1 -%}
        {{ return("versions from " ~ (committed.version + 1) ~ " on are no longer in its log") }}
    {%- endif -%}
    {#- Commits without rows have no file that could be gone. -#}
    {%- set with_rows = commits_with_rows(unread) -%}
    {%- if not with_rows -%}
        {{ return("") }}
    {%- endif -%}
    {#-
        A vacuum takes the change files of versions that were older than its retention, and no newer ones. A
        file may be some hours older than the commit that names it.
    -#}
    {%- set first_time = with_rows | map(attribute="timestamp") | min -%}
    {%- set needed_since = first_time - modules.datetime.timedelta(hours=6) -%}
    {%- for commit in unread if commit["operation"] == "VACUUM START" -%}
        {%- set told = dict(modules.re.findall(
            "(specified|default)RetentionMillis\\W+([0-9]+)", commit["operationParameters"] | string
        )) -%}
        {%- set kept = told.get("specified", told.get("default", "0")) | int -%}
        {%- if needed_since <= commit["timestamp"] - modules.datetime.timedelta(milliseconds=kept) -%}
            {{ return("it was vacuumed at version " ~ commit["version"] ~ ": older changes may be gone") }}
        {%- endif -%}
    {%- endfor -%}
    {#- Not every vacuum is in the log: some clouds record none. -#}
    {%- if needed_since <= position.asked_at - position.retention -%}
        {{ return(
            "changes since version " ~ (with_rows | map(attribute="version") | map("int") | min)
            ~ " may be vacuumed: files are kept for " ~ position.retention
        ) }}
    {%- endif -%}
    {{ return("") }}
{% endmacro %}
