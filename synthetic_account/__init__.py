"""Generator of a whole Databricks account, with the truths planted in it written beside it."""
