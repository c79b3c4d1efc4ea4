"""Definition -> ASL: parse, check, link, nest, lower, verify, emit. One phase a file; `compile` lists them in order."""
