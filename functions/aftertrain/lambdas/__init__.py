"""The entry points of the Lambda functions. Each reads its event, calls one use case and answers; `runtime` builds the
ports.
"""

import gc

# Imported objects stay, and one garbage collection costs as much as many imports (docs/adr/0011): the collector
# runs after 50,000 new objects instead of 2,000 (700 before Python 3.13).
gc.set_threshold(50_000, 10, 10)
