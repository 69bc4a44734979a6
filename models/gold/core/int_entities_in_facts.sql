{{ config(
    incremental_strategy="merge_changes",
    unique_key=["entity_type", "workspace_id", "entity_id"],
) }}
{%- set usage = read_changes(ref("slv_usage")) %}
{%- set runs = [read_changes(ref("slv_job_runs")), read_changes(ref("slv_task_runs"))] %}
{%- set reads = [usage] + runs %}
{%- set touched = members_touched(reads) %}
{%- set whole = touched == "all" %}
{%- set key = ["entity_type", "workspace_id", "entity_id"] %}
{%- set names = "usage_metadata.endpoint_name, usage_metadata.app_name, usage_metadata.notebook_path" %}
{%- set of_usage = "entity_type, workspace_id, entity_id, " ~ names
    ~ ", if(coalesce(" ~ names ~ ") is null, null, usage_start_time)" %}
{%- set of_a_run = "'JOB', workspace_id, coalesce(job_id, 'UNKNOWN'), null, null, null, null" %}
{%- set looks_further = may_be_gone(
    [(usage, of_usage), (runs[0], of_a_run), (runs[1], of_a_run)], whole
) %}
{#- What each of them is read as, in the order that entities_in_facts takes. -#}
{%- set changed = [] %}
{%- set at_hand = [] %}
{%- set everywhere = [] %}
{%- for read in reads %}
    {%- do changed.append(rows_to_look_at(read, whole)) %}
    {%- do at_hand.append(rows_at_hand(read, whole)) %}
    {%- do everywhere.append(as_read(read)) %}
{%- endfor %}
{{ record_reads(reads, touched) }}

with named_at_hand as (

    select
        entity_type,
        workspace_id,
        entity_id,
        max(if(name is not null, struct(usage_start_time, name), null)) as newest
    from (
        {{ entities_in_facts(at_hand[0], at_hand[1:]) }}
    ) as at_hand
    group by entity_type, workspace_id, entity_id

),
{%- if not whole %}

changed_keys as (

    select distinct
        entity_type,
        workspace_id,
        entity_id
    from (
        {{ entities_in_facts(changed[0], changed[1:]) }}
    ) as changed

),
{%- endif %}
{%- if looks_further %}

-- Names that usage had before it was corrected or went to the quarantine.
names_before as (

    select
        entity_type,
        workspace_id,
        entity_id,
        max(struct(usage_start_time, name)) as newest
    from (
        {{ entities_in_facts(
            rows_to_look_at(usage, whole)
            ~ (" where _change_type in ('delete', 'update_preimage')" if usage.mode == "changes" else ""), []
        ) }}
    ) as before
    where name is not null
    group by entity_type, workspace_id, entity_id

),

-- Who or whose name is perhaps gone, or is to be found on other days.
looked_up as (

    select changed_keys.*
    from changed_keys
    left join named_at_hand on {{ equal_keys("changed_keys", "named_at_hand", key) }}
    left join names_before on {{ equal_keys("changed_keys", "names_before", key) }}
    where
        named_at_hand.entity_type is null
        or (
            names_before.newest is not null
            and (named_at_hand.newest is null or named_at_hand.newest < names_before.newest)
        )

),
{%- endif %}

named as (

    select
        entity_type,
        workspace_id,
        entity_id,
        newest
    from named_at_hand
    {%- if looks_further %}
    union all
    select {{ broadcast_hint("looked_up", reads | map(attribute="rows") | sum) }}
        facts.entity_type,
        facts.workspace_id,
        facts.entity_id,
        if(facts.name is not null, struct(facts.usage_start_time, facts.name), null) as newest
    from (
        {{ entities_in_facts(everywhere[0], everywhere[1:]) }}
    ) as facts
    left semi join looked_up on {{ equal_keys("facts", "looked_up", key) }}
    {%- endif %}
    {%- if not whole %}
    union all
    select
        held.entity_type,
        held.workspace_id,
        held.entity_id,
        if(held.name is not null, struct(held.named_at as usage_start_time, held.name as name), null)
            as newest
    from {{ this }} as held
    left semi join named_at_hand on {{ equal_keys("held", "named_at_hand", key) }}
    {%- if looks_further %}
    left anti join looked_up on {{ equal_keys("held", "looked_up", key) }}
    {%- endif %}
    {%- endif %}

),

final as (

    select
        entity_type,
        workspace_id,
        entity_id,
        max(newest).name as name,
        max(newest).usage_start_time as named_at,
        {{ hash_of("max(newest).name as name, unix_micros(max(newest).usage_start_time) as named_at") }}
            as row_hash
    from named
    group by entity_type, workspace_id, entity_id

)

select * from final
{%- if touched == "whole" %}
union all
select
    changed_keys.entity_type,
    changed_keys.workspace_id,
    changed_keys.entity_id,
    cast(null as string) as name,
    cast(null as timestamp) as named_at,
    cast(null as string) as row_hash
from changed_keys
left anti join final on {{ equal_keys("changed_keys", "final", key) }}
{%- endif %}
