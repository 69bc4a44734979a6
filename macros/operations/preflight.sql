{#- See _macros.yml. -#}
{% macro preflight(required=["billing.usage"]) %}
    {#- Anything that this project cannot do without, in one statement that any warehouse answers. -#}
    {%- set session = run_query(
        "select current_user(), current_catalog(), map_keys(map('a', 1))[0] as works"
        ~ " qualify row_number() over (order by 1) = 1"
    ).rows[0] -%}
    {%- set reader = session[0] -%}
    {%- do log("warehouse: answers, as " ~ reader ~ ", into catalog " ~ target.database, info=true) -%}

    {%- set found = [] -%}
    {%- set lacking = [] -%}
    {%- set not_granted = [] -%}
    {%- set readable = readable_sources() -%}
    {%- for node in sources_of_project() -%}
        {%- set name = node.database ~ "." ~ node.schema ~ "." ~ node.identifier -%}
        {%- if readable[node.unique_id] -%}
            {%- do found.append(node) -%}
            {%- do log("readable: " ~ name, info=true) -%}
        {%- else -%}
            {%- do lacking.append(node) -%}
            {%- set is_there = load_relation(api.Relation.create(
                database=node.database, schema=node.schema, identifier=node.identifier
            )) -%}
            {%- do log(("not granted: " if is_there else "not there: ") ~ name, info=true) -%}
            {%- if is_there -%}
                {%- do not_granted.append(name) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}

    {%- if lacking -%}
        {%- do log(
            "A table that is not there is not enabled, not granted, or not offered in this region. An account"
            ~ " administrator runs, for the rest:", info=true
        ) -%}
        {%- for statement in statements_to_enable(lacking, found, reader) -%}
            {%- do log("    " ~ statement, info=true) -%}
        {%- endfor -%}
        {%- set empty = models_without_input(lacking) -%}
        {%- do log("The build will leave these empty: " ~ empty | join(", "), info=true) -%}
        {%- do log(
            "check_health fails while a table is missing that seeds/source_expectations.csv calls required:"
            ~ " set is_required to false there for what this account does not offer", info=true
        ) -%}
    {%- else -%}
        {%- do log("Every source table is readable: the build will leave nothing empty", info=true) -%}
    {%- endif -%}

    {%- if not_granted -%}
        {%- do log(
            "The build fails on what is there and not granted: " ~ not_granted | join(", "), info=true
        ) -%}
    {%- endif -%}

    {%- set to_make = schemas_to_make() -%}
    {%- if to_make -%}
        {%- do log(
            "schemas: " ~ target.database ~ " lacks " ~ to_make | join(", ") ~ ". The bundle makes them, or"
            ~ " else the first build, which needs:", info=true
        ) -%}
        {%- do log(
            "    grant use catalog, create schema on catalog `" ~ target.database ~ "` to `" ~ reader ~ "`;",
            info=true
        ) -%}
    {%- else -%}
        {%- do log("schemas: all are there in " ~ target.database, info=true) -%}
    {%- endif -%}

    {%- set names = [] -%}
    {%- for node in lacking if (node.schema ~ "." ~ node.identifier) in required -%}
        {%- do names.append(node.database ~ "." ~ node.schema ~ "." ~ node.identifier) -%}
    {%- endfor -%}
    {%- if names -%}
        {{ exceptions.raise_compiler_error("nothing can be built without " ~ names | join(", ")) }}
    {%- endif -%}
{% endmacro %}


{#- The schemas that a build writes to and that are not there. -#}
{% macro schemas_to_make() %}
    {%- set written = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ["model", "snapshot", "seed"] -%}
        {%- do written.append(node.schema) -%}
    {%- endfor -%}
    {%- set lacking = [] -%}
    {%- for schema in written | unique | sort if not adapter.check_schema_exists(target.database, schema) -%}
        {%- do lacking.append(schema) -%}
    {%- endfor -%}
    {{ return(lacking) }}
{% endmacro %}


{#- The source tables of this project, in a fixed order. -#}
{% macro sources_of_project() %}
    {%- set found = [] -%}
    {%- for node in graph.sources.values() | sort(attribute="unique_id") -%}
        {%- if node.package_name == project_name -%}
            {%- do found.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{#-
    Whether a row of each source table can be read, by unique id. One script, since Jinja catches no error and
    SQL does: what cannot be read, for whatever reason, is told, and the others are still looked at.
-#}
{% macro readable_sources() %}
    {%- set nodes = sources_of_project() -%}
    {%- set script -%}
begin
    declare rows_seen bigint;
    {%- for node in nodes %}
    declare readable_{{ loop.index }} boolean default false;
    {%- endfor %}
    {%- for node in nodes %}
    begin
        declare exit handler for sqlexception begin end;
        set rows_seen = (select count(*) from (select 1 from {{ api.Relation.create(
            database=node.database, schema=node.schema, identifier=node.identifier
        ) }} limit 1));
        set readable_{{ loop.index }} = true;
    end;
    {%- endfor %}
    select {% for node in nodes %}readable_{{ loop.index }}{{ ", " if not loop.last }}{% endfor %};
end
    {%- endset -%}
    {%- set answers = run_query(script).rows[0] -%}
    {%- set readable = {} -%}
    {%- for node in nodes -%}
        {%- do readable.update({node.unique_id: answers[loop.index0]}) -%}
    {%- endfor -%}
    {{ return(readable) }}
{% endmacro %}


{#- A schema none of whose tables can be seen may have to be enabled; any may have to be granted. -#}
{% macro statements_to_enable(lacking, found, reader) %}
    {%- set statements = [] -%}
    {%- set seen = found | map(attribute="schema") | list -%}
    {%- for schema in lacking | map(attribute="schema") | unique -%}
        {%- if schema not in seen -%}
            {%- do statements.append("databricks system-schemas enable <metastore id> " ~ schema) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do statements.append("grant use catalog on catalog system to `" ~ reader ~ "`;") -%}
    {%- for schema in lacking | map(attribute="schema") | unique -%}
        {%- do statements.append(
            "grant use schema, select on schema system." ~ schema ~ " to `" ~ reader ~ "`;"
        ) -%}
    {%- endfor -%}
    {{ return(statements) }}
{% endmacro %}


{#- Names of the models all of whose sources, however far up, are lacking. -#}
{% macro models_without_input(lacking) %}
    {%- set lacking_ids = lacking | map(attribute="unique_id") | list -%}
    {%- set empty = {} -%}
    {#- One step a round, from the sources down: a project is never deeper than it has nodes. -#}
    {%- set moved = namespace(any=true) -%}
    {%- for round in range(graph.nodes | length) if moved.any -%}
        {%- set moved.any = false -%}
        {%- for node in graph.nodes.values() -%}
            {%- if node.resource_type in ["model", "snapshot"] and node.unique_id not in empty -%}
                {%- set inputs = [] -%}
                {%- for parent in node.depends_on.nodes -%}
                    {#- The processing state and seeds feed no rows into a model. -#}
                    {%- if not parent.startswith("seed.") and not parent.endswith(".processing_state") -%}
                        {%- do inputs.append(parent in lacking_ids or parent in empty) -%}
                    {%- endif -%}
                {%- endfor -%}
                {%- if inputs and inputs | min -%}
                    {%- do empty.update({node.unique_id: node.name}) -%}
                    {%- set moved.any = true -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(empty.values() | sort) }}
{% endmacro %}
