"""What Gold must say about an account, computed from the rules in plain Python and without any SQL.

The end-to-end tests compare the warehouse with it. It reads the account folder (`account_folder`), picks
the winning row of each key and judges it (`usage_rules`), prices it (`price_rules`), shapes the rows of
`fct_usage` (`expected_usage`) and of `fct_reconciliation` (`expected_reconciliation`), and lists where
fetched rows differ (`compare`).
"""
