"""Region tree -> states; start reading at `machine`."""
