{#-
    A seed whose file has changed in any way is a table made anew, so its content stands for the table's
    identity: it is read whole where that has changed. One statement hashes all of them.
-#}
{% macro read_seeds(seeds) %}
    {%- set reads = [] -%}
    {%- set contents = [] -%}
    {%- for relation, columns in seeds -%}
        {%- do reads.append({
            "relation": relation,
            "source": [relation.database, relation.schema, relation.identifier] | select | join("."),
            "kind": "version",
            "mode": "all",
            "to_version": none,
            "table_id": none,
            "days": "all",
            "rows": 0,
            "moved": false,
        }) -%}
        {%- do contents.append(
            "select " ~ loop.index0 ~ " as place, count(*) as row_count,"
            ~ " sha2(array_join(array_sort(collect_list(to_json(struct(" ~ columns | join(", ")
            ~ ")))), '\\n'), 256) as content from " ~ relation
        ) -%}
    {%- endfor -%}
    {%- if not can_query() -%}
        {{ return(reads) }}
    {%- endif -%}
    {%- for row in run_query(contents | join(" union all ")).rows -%}
        {%- set read = reads[row["place"] | int] -%}
        {%- do read.update({"table_id": row["content"], "rows": row["row_count"] | int, "moved": true}) -%}
        {%- set committed = committed_offset(read.source) if is_merge() else none -%}
        {%- if committed is not none and committed.table_id == read.table_id -%}
            {%- do read.update({"mode": "none", "days": [], "moved": false}) -%}
        {%- elif is_merge() -%}
            {%- do log(
                model.name ~ " resolves everything again: " ~ read.source ~ " has changed", info=true
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(reads) }}
{% endmacro %}
