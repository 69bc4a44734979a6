select * from values
    ('plain', 1, 'one', 10.5),
    ('plain', 2, 'two', 20.0),
    ('plain', 3, 'three', 30.0),
    ('twice', 4, 'four', 1.0),
    ('twice', 4, 'four', 2.0),
    ('twice', 5, 'four', 3.0),
    ('nulls', null, 'none', 1.0),
    ('nulls', null, 'none', null),
    ('nulls', 6, null, null)
    as numbers (example, n, `default`, amount)
