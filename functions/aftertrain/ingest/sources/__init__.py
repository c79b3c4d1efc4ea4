"""Delivery -> events: one dialect of the senders a file.

A dialect is a function from a `Delivery` to `Draft`s: each an event, or the reason why it is none. A payload that has
no place for events at all raises `SenderError`.
"""
