"""A local SQL warehouse: the Databricks SQL protocol in front of Spark and Delta."""
