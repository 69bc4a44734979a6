{#-
    Two comment lines that travel with the compiled SQL: what it reads, which the post-hook commits, and
    which days it touches, which the merge is pruned to. Nothing is asked of the warehouse a second time, so
    what is committed is what was read.
-#}
{% macro record_reads(reads, days) -%}
    {%- set processed = [] -%}
    {%- for read in reads -%}
        {%- if read.moved -%}
            {%- do processed.append({
                "source": read.source,
                "kind": read.kind,
                "timestamp": read.get("timestamp"),
                "version": read.get("to_version"),
                "table_id": read.get("table_id"),
                "rows": read.rows,
            }) -%}
        {%- endif -%}
        {%- if read.get("bound_moved") -%}
            {%- do processed.append({
                "source": read.source,
                "kind": "lower_bound",
                "timestamp": read.lower_bound,
                "version": none,
                "table_id": none,
                "rows": 0,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
-- reads: {{ tojson(processed) }}
-- touches: {{ tojson(days) }}
{%- endmacro %}


{% macro recorded(compiled_code, name) %}
    {%- set found = namespace(value=none) -%}
    {%- for written in compiled_code.split("\n") -%}
        {%- set line = written[2:] if written.startswith("# -- ") else written -%}
        {%- if found.value is none and line.startswith("-- " ~ name ~ ": ") -%}
            {%- set found.value = fromjson(line[(name | length + 5):]) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found.value) }}
{% endmacro %}
