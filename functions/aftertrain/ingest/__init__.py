"""Event -> execution: authenticate, normalise, match, record, start. One phase a file; `receive` lists them in order.

Pure: clocks and services come in through `ports`. Nothing here imports pydantic, jinja2 or the compiler, because the
webhook pays for every import at each cold start.
"""
