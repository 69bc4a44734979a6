{#-
    dbt renders this behind a Python model's code, in which no Jinja is rendered. A model whose `meta` names a
    `plan` (a macro of this project) gets there what a SQL model has in its own text: what it reads, fixed
    while it compiles, and the two comment lines that the merge and the post-hook look for.
-#}
{% macro py_script_comment() %}
    {%- set planned_by = model.config.get("meta", {}).get("plan") -%}
    {%- if planned_by -%}
        {%- set planned = context[planned_by]() -%}
        {%- set versions = {} -%}
        {%- for read in planned.reads -%}
            {%- if read.get("to_version") is not none -%}
                {%- do versions.update({read.relation.render(): read.to_version}) -%}
            {%- endif -%}
        {%- endfor -%}
# {{ record_reads(planned.reads, planned.days) | replace("\n", "\n# ") }}
config_dict["plan"] = {{ planned.plan }}
planned_versions = {{ versions }}
ref_of_now = ref


def ref(*args, dbt_load_df_function, **kwargs):
    """A table as it stood when the model was compiled; one that is not in the plan, as it stands now."""
    def load(name):
        if name not in planned_versions:
            return dbt_load_df_function(name)
        return spark.sql(f"select * from {name} version as of {planned_versions[name]}")
    return ref_of_now(*args, dbt_load_df_function=load, **kwargs)
    {%- endif -%}
{% endmacro %}
