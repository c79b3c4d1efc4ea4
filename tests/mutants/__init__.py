"""Mutants: small changes of the code that a test near it must notice."""
