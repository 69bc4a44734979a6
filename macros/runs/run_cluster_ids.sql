{#-
    `compute_ids` does not say of which kind an id is: what `compute` names as a warehouse is no cluster.
-#}
{% macro run_cluster_ids(computes, compute_ids) -%}
    array_sort(array_compact(array_distinct(array_except(
        concat(transform({{ computes }}, item -> item.cluster_id), {{ compute_ids }}),
        transform({{ computes }}, item -> item.warehouse_id)
    ))))
{%- endmacro %}
