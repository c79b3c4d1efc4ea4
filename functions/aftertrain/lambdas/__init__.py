"""The entry points. Each reads its event, calls one use case, answers; `runtime` builds what they need."""
