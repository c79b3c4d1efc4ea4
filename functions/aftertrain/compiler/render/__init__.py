"""Template tree -> JSONata text; start reading at `template`."""
