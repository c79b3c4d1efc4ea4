"""Our small languages: where (bucket WHERE clauses), pattern (JSON filters), template (a Jinja subset)."""
