select 'fresh' as example, current_timestamp() - interval 1 hour as happened_at
union all
select 'fresh', current_timestamp() - interval 9 days
union all
select 'stale', current_timestamp() - interval 3 days
union all
-- A time in the future is taken for an error and does not make a table fresh.
select 'future', current_timestamp() + interval 1 day
union all
select 'missing', cast(null as timestamp)
