"""Definition -> ASL: parse, check, link, nest, lower, verify, emit. One stage a file; `compile` lists them in order."""
