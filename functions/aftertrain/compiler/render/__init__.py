"""Template tree -> JSONata text; `template` is where to begin."""
