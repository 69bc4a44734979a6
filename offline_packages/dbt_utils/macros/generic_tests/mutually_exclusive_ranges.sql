{#
    Fails for each row whose range is empty or backwards, has a missing bound, or does not agree with the
    next range of its partition.
    gaps: 'allowed' (the next starts at or after this end), 'not_allowed' (exactly at it) or 'required'
    (after it).
#}
{% test mutually_exclusive_ranges(
    model,
    lower_bound_column,
    upper_bound_column,
    partition_by=none,
    gaps="allowed",
    zero_length_range_allowed=false
) %}
    {%- set to_next = {"allowed": "<=", "not_allowed": "=", "required": "<"} -%}
    {%- if gaps not in to_next -%}
        {{ exceptions.raise_compiler_error(gaps ~ " is none of " ~ to_next.keys() | join(", ")) }}
    {%- endif -%}
    {%- set in_partition = "partition by " ~ partition_by if partition_by else "" -%}
    {%- set ordered = in_partition ~ " order by " ~ lower_bound_column ~ ", " ~ upper_bound_column -%}

    with

    ranges as (

        select
            {%- if partition_by %}
            {{ partition_by }} as range_partition,
            {%- endif %}
            {{ lower_bound_column }} as lower_bound,
            {{ upper_bound_column }} as upper_bound,
            lead({{ lower_bound_column }}) over ({{ ordered }}) as next_lower_bound,
            lead(true, 1, false) over ({{ ordered }}) as has_next
        from {{ model }}

    )

    select *
    from ranges
    where not coalesce(lower_bound {{ "<=" if zero_length_range_allowed else "<" }} upper_bound, false)
        or (has_next and not coalesce(upper_bound {{ to_next[gaps] }} next_lower_bound, false))
{% endtest %}
