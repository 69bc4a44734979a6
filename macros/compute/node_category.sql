{#-
    The source has no category. GPUs decide first, then families with local disks, whose names tell (AWS i,
    im, is, d and h, Azure L, Google z3), then memory per core: on all three clouds, families for memory have
    6.5 GB or more, those for computing 2 or less, and general ones about 4.
-#}
{% macro node_category(node_type, core_count, memory_mb, gpu_count) -%}
    case
        when {{ gpu_count }} > 0 then 'GPU Accelerated'
        when lower({{ node_type }}) rlike '^((i|im|is|d|h)[0-9][a-z0-9-]*[.]|standard_l[0-9]|z3-)'
            then 'Storage Optimized'
        when {{ memory_mb }} >= 6 * 1024 * {{ core_count }} and {{ core_count }} > 0 then 'Memory Optimized'
        when {{ memory_mb }} < 3 * 1024 * {{ core_count }} then 'Compute Optimized'
        when {{ core_count }} > 0 and {{ memory_mb }} is not null then 'General Purpose'
    end
{%- endmacro %}
