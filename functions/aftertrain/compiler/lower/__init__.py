"""Region tree -> states; `machine` is where to begin."""
