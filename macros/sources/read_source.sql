{#- See _macros.yml for what comes back. -#}
{% macro read_source(relation, watermark=none, day=none, moving_key=none, entity=none) %}
    {%- set read = {
        "relation": relation,
        "source": relation.database ~ "." ~ relation.schema ~ "." ~ relation.identifier,
        "kind": "timestamp",
        "declared": declared_columns(relation),
        "actual": none,
        "predicate": "true",
        "days": "all",
        "rows": 0,
        "timestamp": none,
        "moved": false,
        "lower_bound": none,
        "bound_moved": false,
    } -%}
    {%- do ref("processing_state") -%}
    {%- if not can_query() -%}
        {{ return(read) }}
    {%- endif -%}

    {%- do read.update({"actual": actual_columns(relation)}) -%}
    {%- if not read.actual -%}
        {%- do log(read.source ~ " does not exist in this account: nothing to read", info=true) -%}
        {%- do read.update({"predicate": "false", "days": []}) -%}
        {{ return(read) }}
    {%- endif -%}

    {%- set committed = committed_offset(read.source) if is_merge() else none -%}
    {%- set is_read_by_watermark = watermark and (watermark | lower) in read.actual -%}
    {%- if is_read_by_watermark -%}
        {%- set held_bound = committed_bound(model.name, read.source) -%}
        {%- set bound = lower_bound(committed, held_bound) -%}
        {%- do read.update({"lower_bound": bound, "bound_moved": bound != held_bound}) -%}
        {%- set first = read_from(committed, bound) -%}
        {%- if first -%}
            {%- if read.declared[watermark | lower] == "date" -%}
                {%- set first = "cast(" ~ first ~ " as date)" -%}
            {%- endif -%}
            {%- set wanted = [watermark ~ " >= " ~ first, watermark ~ " is null"] -%}
            {%- if entity and bound and (read.bound_moved or not (committed and committed.timestamp)) -%}
                {%- do wanted.append(is_last_before(relation, entity, watermark, first)) -%}
            {%- endif -%}
            {%- do read.update({"predicate": "(" ~ wanted | join(" or ") ~ ")"}) -%}
        {%- endif -%}
    {%- endif -%}

    {#-
        A watermark ahead of the clock does not count as progress: one wrong row would hide all that comes
        after it.
    -#}
    {%- set newest -%}
        {%- if is_read_by_watermark -%}
            cast(
                max(case
                    when {{ watermark }} <= current_timestamp() then cast({{ watermark }} as timestamp)
                end)
                as string
            )
        {%- else -%}
            cast(null as string)
        {%- endif -%}
    {%- endset -%}
    {%- set found = run_query(
        "select " ~ (date_key(day) if day and (day | lower) in read.actual else "cast(null as int)")
        ~ " as date_key, count(*) as row_count, " ~ newest ~ " as newest"
        ~ " from " ~ relation ~ " where " ~ read.predicate ~ " group by 1"
    ) -%}
    {%- set days = [] -%}
    {%- for row in found.rows -%}
        {%- do days.append(row[0] | int if row[0] is not none else none) -%}
        {%- do read.update({"rows": read.rows + row[1] | int}) -%}
        {%- if row[2] and (read.timestamp is none or row[2] > read.timestamp) -%}
            {%- do read.update({"timestamp": row[2]}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if moving_key and is_merge() -%}
        {%- do days.extend(days_held_elsewhere(read, moving_key, days)) -%}
    {%- endif -%}
    {%- do read.update({
        "days": days if day else "whole",
        "moved": committed is none or (read.timestamp and read.timestamp > (committed.timestamp or "")),
    }) -%}
    {%- set known = committed.timestamp if committed else none -%}
    {%- if known and (not read.timestamp or read.timestamp < known) -%}
        {%- do read.update({"timestamp": known}) -%}
    {%- endif -%}
    {{ return(read) }}
{% endmacro %}


{#-
    Days, beyond those of the batch, on which this model holds one of the batch's keys: a redelivered row
    may have moved to another day, and its old row has to be found. Only the key columns of the days outside
    the batch are scanned.
-#}
{% macro days_held_elsewhere(read, key, days) %}
    {{ return(days_of(
        "select distinct held.date_key from " ~ this
        ~ " as held inner join (select distinct " ~ key | join(", ")
        ~ " from " ~ read.relation ~ " where " ~ read.predicate ~ ") as batch on "
        ~ equal_keys("held", "batch", key) ~ " where " ~ outside_days(days, "held.date_key")
    )) }}
{% endmacro %}


{#-
    The watermark before which this model has read nothing of a source, and is to read nothing; none: it reads
    all there is. Set by the first load, it holds until var reread_from goes further back.
-#}
{% macro lower_bound(committed, held_bound) %}
    {%- set bound = held_bound -%}
    {%- if committed is none -%}
        {%- set bound = checked_date("first_load_from") ~ " 00:00:00" if var("first_load_from") else none -%}
    {%- endif -%}
    {%- if bound and var("reread_from") -%}
        {{ return([bound, checked_date("reread_from") ~ " 00:00:00"] | min) }}
    {%- endif -%}
    {{ return(bound) }}
{% endmacro %}


{#- The earliest watermark to read, as a timestamp expression; none: everything. -#}
{% macro read_from(committed, bound) %}
    {%- set overlap = var("overlap_hours") | int -%}
    {%- if overlap < 48 or overlap > 168 -%}
        {{ exceptions.raise_compiler_error(
            "var overlap_hours is " ~ var("overlap_hours") ~ ": it must be from 48 to 168 hours"
        ) }}
    {%- endif -%}
    {%- if committed is none or not committed.timestamp -%}
        {{ return("timestamp'" ~ bound ~ "'" if bound else none) }}
    {%- endif -%}
    {%- set from = "timestamp'" ~ committed.timestamp ~ "' - interval " ~ overlap ~ " hours" -%}
    {%- if var("reread_from") -%}
        {%- set from = "least(" ~ from ~ ", timestamp'" ~ checked_date("reread_from") ~ " 00:00:00')" -%}
    {%- endif -%}
    {{ return("greatest(" ~ from ~ ", timestamp'" ~ bound ~ "')" if bound else from) }}
{% endmacro %}


{#-
    What an entity was when the load begins is what its last row before that says: one that has not changed
    since would be unknown without it.
-#}
{% macro is_last_before(relation, entity, watermark, first) %}
    {%- set columns = entity | join(", ") -%}
    {{ return(
        "(" ~ columns ~ ", " ~ watermark ~ ") in (select " ~ columns ~ ", max(" ~ watermark ~ ") from "
        ~ relation ~ " where " ~ watermark ~ " < " ~ first ~ " group by " ~ columns ~ ")"
    ) }}
{% endmacro %}


{% macro checked_date(name) %}
    {%- set value = var(name) | string -%}
    {%- if not modules.re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) -%}
        {{ exceptions.raise_compiler_error(
            "var " ~ name ~ " is '" ~ value ~ "': it must be a date, YYYY-MM-DD, or empty"
        ) }}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}
