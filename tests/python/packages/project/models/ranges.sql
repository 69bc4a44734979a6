-- `zero` is a range without length between two others; `open` ends without an end that is not the last.
select * from values
    ('adjacent', 'a', 1, 2), ('adjacent', 'a', 2, 3), ('adjacent', 'b', 1, 9),
    ('gap', 'a', 1, 2), ('gap', 'a', 4, 5),
    ('overlap', 'a', 1, 3), ('overlap', 'a', 2, 4),
    ('same_start', 'a', 1, 2), ('same_start', 'a', 1, 3),
    ('backwards', 'a', 3, 1),
    ('zero', 'a', 1, 2), ('zero', 'a', 2, 2), ('zero', 'a', 2, 3),
    ('last_open', 'a', 1, 2), ('last_open', 'a', 2, null),
    ('first_open', 'a', 1, null), ('first_open', 'a', 2, 3),
    ('no_start', 'a', null, 2), ('no_start', 'a', 2, 3)
    as ranges (example, partition_name, range_start, range_end)
