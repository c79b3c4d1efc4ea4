"""The composition roots: the only places that name concrete adapters. One per set of ports, for imports cost time."""
