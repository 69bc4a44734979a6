{{ config(
    incremental_strategy="merge_changes",
    unique_key="sku_key",
) }}
{%- set prices = read_changes(ref("slv_prices"), by_day=false) %}
{%- set usage = read_changes(ref("slv_usage")) %}
{%- set reads = [prices, usage] %}
{%- set touched = members_touched(reads) %}
{%- set whole = touched == "all" %}
{%- set key = ["sku_name", "cloud", "usage_unit"] %}
{%- set looks_further = may_be_gone([(prices, key | join(", ")), (usage, key | join(", "))], whole) %}
{{ record_reads(reads, touched) }}

{#- How the names of regions begin. -#}
{%- set places = [
    "AFRICA", "AP", "ASIA", "AUSTRALIA", "BRAZIL", "CANADA", "CENTRAL", "CHINA", "EAST", "EU", "EUROPE",
    "FRANCE", "GERMANY", "INDIA", "ISRAEL", "ITALY", "JAPAN", "KOREA", "ME", "MEXICO", "NORTH", "NORWAY",
    "POLAND", "QATAR", "SOUTH", "SPAIN", "SWEDEN", "SWITZERLAND", "UAE", "UK", "US", "WEST",
] %}
with named_at_hand as (

    select
        sku_name,
        cloud,
        usage_unit
    from {{ as_read(prices) }}
    union
    select
        sku_name,
        cloud,
        usage_unit
    from {{ rows_at_hand(usage, whole) }}

),
{%- if not whole %}

changed_keys as (

    {%- for read in reads %}
    {{ "union" if not loop.first }}
    select
        sku_name,
        cloud,
        usage_unit
    from {{ rows_to_look_at(read, whole) }}
    {%- endfor %}

),
{%- endif %}
{%- if looks_further %}

perhaps_gone as (

    select changed_keys.*
    from changed_keys
    left anti join named_at_hand on {{ equal_keys("changed_keys", "named_at_hand", key) }}

),
{%- endif %}

members as (

    select *
    from named_at_hand
    {%- if looks_further %}
    union
    select {{ broadcast_hint("perhaps_gone", usage.rows) }}
        usage.sku_name,
        usage.cloud,
        usage.usage_unit
    from {{ as_read(usage) }} as usage
    left semi join perhaps_gone on {{ equal_keys("usage", "perhaps_gone", key) }}
    {%- endif %}

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
    where sku_name is not null

),

final as (

    select
        {{ surrogate_key(key) }} as sku_key,
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

)

select * from final
{%- if touched == "whole" %}
union all
-- SKUs that no price and no usage names any more.
select
    held.sku_key,
    held.sku_name,
    held.cloud,
    held.usage_unit,
    held.sku_family,
    held.is_serverless,
    held.is_photon,
    held.tier,
    held.region,
    cast(null as string) as row_hash
from {{ this }} as held
left semi join changed_keys on {{ equal_keys("held", "changed_keys", key) }}
left anti join final on held.sku_key = final.sku_key
{%- endif %}
