"""The implementations of the actions that are tasks: one file per action, with the same name as in `actions`."""
