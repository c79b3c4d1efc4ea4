"""The tests: unit, golden, property, adapters, lambdas, infra, e2e, project."""
