"""The entry points. Each reads its event, calls one use case, answers; `runtime` builds what they need."""

import gc

# What a function imports stays, and a look for garbage in it costs as much as many imports (docs/adr/0011): the
# collector looks after 50,000 new objects instead of 2,000 (700 before Python 3.13).
gc.set_threshold(50_000, 10, 10)
