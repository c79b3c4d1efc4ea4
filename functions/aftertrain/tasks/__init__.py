"""The run-time face of the actions that are tasks: one file per action, same name as in `actions`."""
