select * from values
    ('plain', 'prod'),
    ('plain', 'prod'),
    ('plain', 'dev'),
    ('digits', 'job-42'),
    ('digits', 'job-x'),
    ('empty', ''),
    ('missing', null)
    as words (example, word)
