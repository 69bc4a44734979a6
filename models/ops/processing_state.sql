{{ config(
    materialized="incremental",
    incremental_strategy="append",
    on_schema_change="append_new_columns",
    full_refresh=false,
) }}

-- Rows are appended by the models themselves, by the post-hook commit_offsets: this model only makes the
-- table.
select
    cast(null as string) as task,
    cast(null as string) as source,
    cast(null as string) as offset_kind,
    cast(null as timestamp) as offset_timestamp,
    cast(null as bigint) as offset_version,
    cast(null as string) as source_table_id,
    cast(null as bigint) as rows_processed,
    cast(null as string) as invocation_id,
    cast(null as timestamp) as committed_at
from (select 1 as nothing) as nothing_to_append
where false
