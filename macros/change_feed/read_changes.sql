{#- See _macros.yml for what comes back. -#}
{% macro read_changes(relation, by_day=true, from_first=false) %}
    {%- set read = {
        "relation": relation,
        "source": [relation.database, relation.schema, relation.identifier] | select | join("."),
        "kind": "version",
        "mode": "all",
        "from_version": none,
        "to_version": none,
        "table_id": none,
        "days": "all",
        "rows": 0,
        "moved": false,
    } -%}
    {%- do ref("processing_state") -%}
    {%- if not can_query() -%}
        {{ return(read) }}
    {%- endif -%}
    {%- set committed = committed_offset(read.source) if is_merge() else none -%}

    {%- set position = table_position(relation) -%}
    {%- do read.update({"to_version": position.version, "table_id": position.table_id, "moved": true}) -%}
    {%- if not is_merge() and not from_first -%}
        {%- do tell_of_first_build() -%}
        {{ return(read) }}
    {%- endif -%}

    {%- set unread = unread_commits(relation, committed, position) -%}
    {%- set lost = lost_range(committed, position, unread) -%}
    {%- set starts_over = false -%}
    {%- if lost and from_first -%}
        {%- set before_first = {"version": -1, "table_id": position.table_id} -%}
        {%- set all_commits = unread_commits(relation, before_first, position) -%}
        {%- if not lost_range(before_first, position, all_commits) -%}
            {%- do log(
                model.name ~ " reads all changes of " ~ read.source ~ " since its first version: " ~ lost,
                info=true
            ) -%}
            {%- set starts_over = true -%}
            {%- set committed = before_first -%}
            {%- set unread = all_commits -%}
        {%- endif -%}
    {%- endif -%}
    {%- if lost and not starts_over -%}
        {%- do log(model.name ~ " reads all of " ~ read.source ~ ": " ~ lost, info=true) -%}
        {{ return(read) }}
    {%- endif -%}

    {%- do read.update({"mode": "none", "days": [], "from_version": committed.version + 1}) -%}
    {%- if commits_with_rows(unread) -%}
        {%- set found = run_query(
            "select " ~ ("date_key" if by_day else "cast(null as int)") ~ ", count(*) from "
            ~ table_changes_of(read) ~ " group by 1"
        ) -%}
        {%- set days = [] -%}
        {%- for row in found.rows -%}
            {%- do days.append(row[0] | int if row[0] is not none else none) -%}
            {%- do read.update({"rows": read.rows + row[1] | int}) -%}
        {%- endfor -%}
        {%- if days -%}
            {%- do read.update({"mode": "changes", "days": days if by_day else "whole"}) -%}
        {%- endif -%}
    {%- endif -%}
    {#-
        Versions without a changed row (OPTIMIZE, VACUUM, properties) are not worth a row of state, until they
        are so old that the log might lose them.
    -#}
    {%- do read.update({"moved": read.mode == "changes" or starts_over or is_a_day_old(unread, position)}) -%}
    {{ return(read) }}
{% endmacro %}


{#- A first build, or a full refresh, is told once a model, however many tables it reads. -#}
{% macro tell_of_first_build() %}
    {%- if "told_of_first_build" not in model -%}
        {%- do model.update({"told_of_first_build": true}) -%}
        {%- set why = "full refresh" if should_full_refresh() else "it is built for the first time" -%}
        {%- do log(model.name ~ " reads all of its tables: " ~ why, info=true) -%}
    {%- endif -%}
{% endmacro %}
