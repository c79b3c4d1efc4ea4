"""A definition as Step Functions gets it -> what would be wrong with it there; `verify` is where to begin."""
