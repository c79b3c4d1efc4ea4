"""The policies of a trigger: one pure function from state to decision a file. `admit` runs them in order."""
