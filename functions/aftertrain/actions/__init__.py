"""What steps can do: one action a file, with its params, its outputs and where it runs."""
