"""Event -> execution: authenticate, normalise, match, record, start; one stage a file, `receive` is the flat list.

Pure: clocks and services come in through `ports`. Nothing here may import pydantic, jinja2 or the compiler, for the
webhook pays for every import at a cold start.
"""
