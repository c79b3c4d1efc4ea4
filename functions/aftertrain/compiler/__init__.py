"""Definition -> ASL: parse, check, link, nest, lower, verify, emit; one stage a file, `compile` is the flat list."""
