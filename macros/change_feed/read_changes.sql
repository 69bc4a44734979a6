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
        {{ return(read) }}
    {%- endif -%}

    {%- set lost = lost_range(relation, committed, position) -%}
    {%- set before_first = {"version": -1, "table_id": position.table_id} -%}
    {%- if lost and from_first and not lost_range(relation, before_first, position) -%}
        {%- set committed = before_first -%}
    {%- elif lost -%}
        {%- do log(model.name ~ " reads all of " ~ read.source ~ ": " ~ lost, info=true) -%}
        {{ return(read) }}
    {%- endif -%}

    {%- do read.update({"mode": "none", "days": [], "from_version": committed.version + 1}) -%}
    {%- if position.version > committed.version -%}
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
    {#- Versions without a changed row (OPTIMIZE, properties) are not worth a row of state. -#}
    {%- do read.update({"moved": read.mode == "changes"}) -%}
    {{ return(read) }}
{% endmacro %}


{#- Why the change feed cannot be read from where the last build stopped; empty where it can. -#}
{% macro lost_range(relation, committed, position) %}
    {%- if committed is none or committed.version is none -%}
        {{ return("it has no committed offset") }}
    {%- elif committed.table_id != position.table_id -%}
        {{ return("the table was created anew since") }}
    {%- elif committed.version > position.version -%}
        {{ return("its version " ~ position.version ~ " is older than the committed " ~ committed.version) }}
    {%- elif committed.version == position.version -%}
        {{ return("") }}
    {%- endif -%}
    {%- set newer = position.version - committed.version -%}
    {%- set history = run_query("describe history " ~ relation ~ " limit " ~ newer) -%}
    {%- set versions = history.columns["version"].values() | map("int") | list -%}
    {%- if versions | min > committed.version + 1 -%}
        {{ return("versions from " ~ (committed.version + 1) ~ " on are no longer in its log") }}
    {%- endif -%}
    {#-
        A vacuum takes the change files of versions that were older than its retention, and no newer ones. A
        file may be some hours older than the commit that names it.
    -#}
    {%- set first_unread = history.rows[-1]["timestamp"] -%}
    {%- for row in history.rows if row["operation"] == "VACUUM START" -%}
        {%- set told = dict(modules.re.findall(
            "(specified|default)RetentionMillis\\W+([0-9]+)", row["operationParameters"] | string
        )) -%}
        {%- set kept = told.get("specified", told.get("default", "0")) | int -%}
        {%- set needed_since = first_unread - modules.datetime.timedelta(hours=6) -%}
        {%- if needed_since <= row["timestamp"] - modules.datetime.timedelta(milliseconds=kept) -%}
            {%- set version = row["version"] | int -%}
            {{ return("it was vacuumed at version " ~ version ~ ": older changes may be gone") }}
        {%- endif -%}
    {%- endfor -%}
    {{ return("") }}
{% endmacro %}
