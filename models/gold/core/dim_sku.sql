{{ config(
    incremental_strategy="merge_changes",
    unique_key="sku_key",
) }}
{%- set prices = read_changes(ref("slv_prices"), by_day=false) %}
{%- set usage = read_changes(ref("slv_usage")) %}
{%- set reads = [prices, usage] %}
{{ record_reads(reads, [] if prices.mode == "none" and usage.mode == "none" else "whole") }}

{#- How the names of regions begin. -#}
{%- set places = [
    "AFRICA", "AP", "ASIA", "AUSTRALIA", "BRAZIL", "CANADA", "CENTRAL", "CHINA", "EAST", "EU", "EUROPE",
    "FRANCE", "GERMANY", "INDIA", "ISRAEL", "ITALY", "JAPAN", "KOREA", "ME", "MEXICO", "NORTH", "NORWAY",
    "POLAND", "QATAR", "SOUTH", "SPAIN", "SWEDEN", "SWITZERLAND", "UAE", "UK", "US", "WEST",
] %}
with members as (

    {%- for read in reads %}
    {{ "union" if not loop.first }}
    select
        sku_name,
        cloud,
        usage_unit
    from {{ table_changes_of(read) if read.mode == "changes" else as_read(read) }}
    {{ "where false" if read.mode == "none" }}
    {%- endfor %}

),

named as (

    select
        members.*,
        regexp_extract(sku_name, '^(STANDARD|PREMIUM|ENTERPRISE)_', 1) as tier,
        -- Regions follow the product, behind the mark for Photon.
        regexp_extract(
            sku_name,
            '_(({{ places | join("|") }})(_[A-Z0-9_]+)?)$',
            1
        ) as region
    from members

),

final as (

    select
        {{ surrogate_key(["sku_name", "cloud", "usage_unit"]) }} as sku_key,
        sku_name,
        cloud,
        usage_unit,
        regexp_replace(
            substring(
                sku_name,
                if(tier = '', 1, length(tier) + 2),
                length(sku_name) - if(tier = '', 0, length(tier) + 1) - if(region = '', 0, length(region) + 1)
            ),
            '_?\\(PHOTON\\)',
            ''
        ) as sku_family,
        contains(sku_name, 'SERVERLESS') as is_serverless,
        contains(sku_name, 'PHOTON') as is_photon,
        nullif(tier, '') as tier,
        nullif(region, '') as region,
        -- All attributes follow from the key.
        sha2(concat_ws('|', sku_name, cloud, usage_unit), 256) as row_hash
    from named
    where sku_name is not null

)

select * from final
