{#-
    Usage of some days straight from its source and by the source's own rule, one row a key: what Bronze
    should hold, worked out without it, so that a row lost on the way there shows. Two things Bronze does
    tell: keys that it holds newer on other days, and how far it had read. What came into the source after
    that waits for the next build.
-#}
{% macro usage_bronze_should_hold(read, bronze, days) -%}
    {%- set read_to = committed_rows("brz_billing_usage").offsets.get(read.source) -%}
    {%- set key = ["record_id", "record_type"] -%}
    select hashed.*
    from (
        select
            source.*,
            {{ date_key("usage_date") }} as date_key,
            {{ source_row_hash(read) }} as row_hash
        from (
            select {{ source_columns(read) }}
            from {{ source_rows_of_days(read, "ingestion_date", "usage_date", days, "brz_billing_usage") }}
        ) as source
    ) as hashed
    left anti join (
        select {{ key | join(", ") }}, ingestion_date, row_hash
        from {{ as_read(bronze) }}
        where {{ outside_days(days) }}
    ) as moved_away
        on
            {{ equal_keys("hashed", "moved_away", key) }}
            and {{ usage_recency("hashed") }} < {{ usage_recency("moved_away") }}
    {%- if read_to and read_to.timestamp %}
    {%- set may_be_new = "ingestion_date >= cast(timestamp'" ~ read_to.timestamp ~ "' as date)" %}
    left join (
        select {{ key | join(", ") }}, row_hash
        from {{ as_read(bronze) }}
        where {{ in_days(days) }} and {{ may_be_new }}
    ) as held
        on {{ equal_keys("hashed", "held", key + ["row_hash"]) }}
    where held.row_hash is not null or not coalesce(hashed.{{ may_be_new }}, false)
    {%- endif %}
    qualify row_number() over (
        partition by hashed.record_id, hashed.record_type
        order by {{ usage_recency("hashed") }} desc
    ) = 1
{%- endmacro %}


{#- Of two rows of a key the newer one counts. One without an ingestion date is older than any with one. -#}
{% macro usage_recency(relation) -%}
    struct(coalesce({{ relation }}.ingestion_date, date'0001-01-01'), {{ relation }}.row_hash)
{%- endmacro %}
