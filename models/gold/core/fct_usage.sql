{{ config(
    incremental_strategy="rebuild_days",
    unique_key=["record_id", "record_type"],
    partition_by=["date_key"],
    meta={"zorder": ["workspace_id", "entity_id"]},
) }}
{%- set usage = read_changes(ref("slv_usage")) %}
{%- set tags = read_changes(ref("slv_usage_tags")) %}
{%- set prices = read_changes(ref("slv_prices"), by_day=false) %}
{%- set entities = read_changes(ref("dim_entity"), by_day=false) %}
{%- set clusters = read_changes(ref("dim_cluster"), by_day=false) %}
{%- set workspaces = read_changes(ref("dim_workspace"), by_day=false) %}
{%- set currency = read_variable("reporting_currency") %}
{%- set reads = [usage, tags, prices, entities, clusters, workspaces, currency] %}
{%- set entity = {
    "entity_type": "facts.entity_type", "workspace_id": "facts.workspace_id", "entity_id": "facts.entity_id"
} %}
{%- set cluster = {"workspace_id": "facts.workspace_id", "cluster_id": "facts.cluster_id"} %}
{%- set workspace = {"account_id": "facts.account_id", "workspace_id": "facts.workspace_id"} %}
{%- set days = touched_days([
    usage.days,
    tags.days,
    repriced_days(prices, as_read(usage)),
    currency.days,
    days_to_rekey(as_read(usage), entities, entity, "usage_start_time"),
    days_to_rekey(as_read(usage), entities, entity, "usage_start_time", attributes=["is_known"]),
    days_to_rekey(as_read(usage), clusters, cluster, "usage_start_time"),
    days_to_rekey(as_read(usage), workspaces, workspace, "usage_start_time"),
]) %}
{%- set copied = [
    "record_id", "record_type", "date_key", "account_id", "workspace_id", "entity_type", "entity_id",
    "cloud", "sku_name", "billing_origin_product", "usage_type", "usage_unit", "usage_start_time",
    "usage_end_time", "ingestion_date", "usage_quantity", "is_serverless", "is_photon", "job_id",
    "job_run_id", "pipeline_id", "pipeline_update_id", "cluster_id", "warehouse_id"
] %}
{{ record_reads(reads, days) }}

with usage as (

    select *
    from {{ as_read(usage) }}
    where {{ in_days(days) }}

),

tags as (

    select *
    from {{ as_read(tags) }}
    where {{ in_days(days) }}

),

prices as (

    select *
    from {{ as_read(prices) }}
    where currency_code = '{{ var("reporting_currency") }}'

),

entities as (

    {{ effective_versions(as_read(entities), entity.keys()) }}

),

clusters as (

    {{ effective_versions(as_read(clusters), cluster.keys()) }}

),

workspaces as (

    {{ effective_versions(as_read(workspaces), workspace.keys()) }}

),

joined as (

    select
        {%- for column in copied %}
        usage.{{ column }},
        {%- endfor %}
        usage.row_hash as usage_row_hash,
        {{ identity("usage.run_as") }} as run_as,
        '{{ var("reporting_currency") }}' as currency_code,
        prices.list_price,
        {{ list_cost("usage.usage_quantity", "prices.list_price") }} as list_cost,
        prices.list_price is not null as is_priced,
        workspaces.workspace_key,
        entities.entity_key,
        case
            when not entities.is_known then 'unknown'
            when
                usage.usage_start_time >= entities.valid_from
                and (entities.valid_to is null or usage.usage_start_time < entities.valid_to)
                then 'as_of'
            else 'nearest'
        end as entity_match,
        clusters.cluster_key,
        {{ surrogate_key(["usage.node_type"]) }} as node_type_key,
        {{ surrogate_key(["usage.sku_name", "usage.cloud", "usage.usage_unit"]) }}
            as sku_key,
        coalesce({{ identities_in_tags("tags.tags") }}, cast(map() as map<string, string>)) as tags,
        coalesce(tags.tag_sources, cast(map() as map<string, string>)) as tag_sources
    from usage
    left join prices
        on {{ price_applies("prices", "usage") }}
    left join tags
        on
            usage.date_key = tags.date_key
            and usage.record_id = tags.record_id
            and usage.record_type = tags.record_type
    left join entities
        on
            usage.entity_type = entities.entity_type
            and usage.workspace_id <=> entities.workspace_id
            and usage.entity_id = entities.entity_id
            and {{ serves_at("entities", "usage.usage_start_time") }}
    -- Without a cluster: the member that has no cluster_id, and no workspace either.
    left join clusters
        on
            if(usage.cluster_id is null, null, usage.workspace_id) <=> clusters.workspace_id
            and usage.cluster_id <=> clusters.cluster_id
            and {{ serves_at("clusters", "usage.usage_start_time") }}
    left join workspaces
        on
            usage.account_id = workspaces.account_id
            and usage.workspace_id <=> workspaces.workspace_id
            and {{ serves_at("workspaces", "usage.usage_start_time") }}

),

final as (

    select
        joined.* except (usage_row_hash),
        {%- for tag in tag_columns() %}
        try_element_at(tags, '{{ tag }}') as {{ tag }},
        {%- endfor %}
        sha2(concat_ws(
            '|',
            usage_row_hash,
            currency_code,
            coalesce(cast(list_price as string), 'unpriced'),
            workspace_key,
            entity_key,
            entity_match,
            cluster_key,
            to_json(array_sort(map_entries(tags))),
            to_json(array_sort(map_entries(tag_sources)))
        ), 256) as row_hash
    from joined

)

select * from final
