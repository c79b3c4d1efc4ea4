"""The composition roots: the only modules that name concrete adapters. There is one per set of ports, as imports cost
time.
"""
