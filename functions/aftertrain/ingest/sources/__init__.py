"""Delivery -> events: one sender's dialect a file.

A dialect is a function from a `Delivery` to `Draft`s: each is an event, or the reason why an entry is none. A payload
without a field for events raises `SenderError`.
"""
