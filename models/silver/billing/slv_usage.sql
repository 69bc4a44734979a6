{{ config(
    unique_key=["record_id", "record_type"],
    partition_by=["date_key"],
    meta={"zorder": ["record_id"]},
) }}
{%- set usage = read_changes(ref("brz_billing_usage")) %}
{%- set quarantine = read_changes(ref("slv_usage_quarantine")) %}
{%- set reads = [usage, quarantine] %}
{%- set days = touched_days(reads | map(attribute="days")) %}
{%- set by_key = days != "all" %}
{{ record_reads(reads, days) }}

with
{%- if by_key %}

changed_keys as (

    {%- for read in reads %}
    {{ "union" if not loop.first }}
    select
        record_id,
        record_type
    from {{ table_changes_of(read) if read.mode == "changes" else read.relation ~ " where false" }}
    {%- endfor %}

),
{%- endif %}

records as (

    select
        held.*,
        quarantine.row_hash is not null as is_quarantined
    from {{ as_read(usage) }} as held
    {%- if by_key %}
    -- A record without a key is in the quarantine, and never here: plain equality will do.
    inner join changed_keys
        on held.record_id = changed_keys.record_id and held.record_type = changed_keys.record_type
    {%- endif %}
    left join {{ as_read(quarantine) }} as quarantine
        on held.record_id <=> quarantine.record_id and held.record_type <=> quarantine.record_type
    where {{ in_days(days, "held.date_key") }}

),
{%- if by_key %}

described as (

    -- A record that Bronze has no more has a key, and nothing else.
    select
        changed_keys.record_id,
        changed_keys.record_type,
        records.* except (record_id, record_type)
    from changed_keys
    left join records
        on changed_keys.record_id = records.record_id and changed_keys.record_type = records.record_type

),
{%- endif %}

final as (

    select
        -- ids
        record_id,
        record_type,
        account_id,
        workspace_id,
        usage_metadata.job_id as job_id,
        usage_metadata.job_run_id as job_run_id,
        usage_metadata.dlt_pipeline_id as pipeline_id,
        usage_metadata.dlt_update_id as pipeline_update_id,
        usage_metadata.cluster_id as cluster_id,
        usage_metadata.warehouse_id as warehouse_id,
        usage_metadata.node_type as node_type,
        case
            when usage_metadata.job_id is not null then 'JOB'
            when usage_metadata.dlt_pipeline_id is not null then 'PIPELINE'
            when usage_metadata.warehouse_id is not null then 'WAREHOUSE'
            when usage_metadata.cluster_id is not null then 'CLUSTER'
            when usage_metadata.endpoint_id is not null then 'ENDPOINT'
            when usage_metadata.app_id is not null then 'APP'
            when usage_metadata.database_instance_id is not null then 'DATABASE'
            when usage_metadata.notebook_id is not null then 'NOTEBOOK'
            else 'PRODUCT'
        end as entity_type,
        coalesce(
            usage_metadata.job_id,
            usage_metadata.dlt_pipeline_id,
            usage_metadata.warehouse_id,
            usage_metadata.cluster_id,
            usage_metadata.endpoint_id,
            usage_metadata.app_id,
            usage_metadata.database_instance_id,
            usage_metadata.notebook_id,
            billing_origin_product,
            'UNKNOWN'
        ) as entity_id,

        -- what was used
        sku_name,
        cloud,
        usage_unit,
        usage_type,
        billing_origin_product,
        usage_quantity,
        coalesce(product_features.is_serverless, false) as is_serverless,
        coalesce(product_features.is_photon, false) as is_photon,

        -- when
        date_key,
        usage_date,
        usage_start_time,
        usage_end_time,
        ingestion_date,

        -- by whom, and what the source says besides
        coalesce(identity_metadata.run_as, identity_metadata.owned_by, identity_metadata.created_by)
            as run_as,
        custom_tags,
        usage_metadata,
        identity_metadata,
        product_features,

        -- NULL deletes: a record that went to the quarantine, or that Bronze has no more, leaves.
        case when not is_quarantined then row_hash end as row_hash
    {%- if by_key %}
    from described
    {%- else %}
    from records
    where not is_quarantined
    {%- endif %}

)

select * from final
