{#- How the system tables that exist here differ from what the YAML declares, struct members included. -#}
{% macro source_schema_differences() %}
    {%- set differences = [] -%}
    {%- if can_query() -%}
        {%- for node in graph.sources.values() | sort(attribute="unique_id") -%}
            {%- if node.package_name == project_name -%}
                {%- set relation = api.Relation.create(
                    database=node.database, schema=node.schema, identifier=node.identifier
                ) -%}
                {%- set actual = actual_columns(relation) -%}
                {%- if actual -%}
                    {%- set name = node.database ~ "." ~ node.schema ~ "." ~ node.identifier -%}
                    {%- do compare_columns(differences, name, "", declared_columns(relation), actual) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(differences) }}
{% endmacro %}


{% macro compare_columns(differences, source, path, declared, actual) %}
    {%- for name, type in actual.items() -%}
        {%- set column_path = path ~ name -%}
        {%- if name not in declared -%}
            {%- do differences.append({
                "source": source, "column_path": column_path, "change": "new_column",
                "declared_type": none, "source_type": type,
            }) -%}
        {%- elif declared[name] != type -%}
            {%- if type.startswith("struct<") and declared[name].startswith("struct<") -%}
                {%- do compare_columns(
                    differences, source, column_path ~ ".",
                    fields_by_name(declared[name]), fields_by_name(type)
                ) -%}
            {%- else -%}
                {%- do differences.append({
                    "source": source, "column_path": column_path, "change": "other_type",
                    "declared_type": declared[name], "source_type": type,
                }) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name, type in declared.items() -%}
        {%- if name not in actual -%}
            {%- do differences.append({
                "source": source, "column_path": path ~ name, "change": "missing_column",
                "declared_type": type, "source_type": none,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{% macro fields_by_name(type) %}
    {%- set fields = {} -%}
    {%- for field in struct_fields(type) -%}
        {%- do fields.update({field.name | lower: field.type}) -%}
    {%- endfor -%}
    {{ return(fields) }}
{% endmacro %}
