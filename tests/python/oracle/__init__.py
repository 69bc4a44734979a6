"""What Silver and Gold must say about an account, computed from the rules in plain Python without any SQL.

The end-to-end tests compare the warehouse with it. It reads the account folder (`account_folder`) and picks
the winning row of each key (`usage_rules`, `source_tables`). Usage is judged (`usage_rules`) and priced
(`price_rules`); entities get their versions (`entity_versions`), slices become runs (`run_rules`), and levels
of tags are resolved (`tag_rules`). `expected_usage`, `expected_reconciliation`, `silver_check`, `members` and
`expected_star` shape the rows of the tables, and `compare` lists where fetched rows differ.
`star_check.check_all` does all of it.
"""
