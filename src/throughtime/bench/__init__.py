"""Timing the layers beside everything else that can do the same work.

``catalogue`` says what is timed and how fast it should be, ``peers`` how each library does it; ``worker`` and ``pool``
run each library in a process of its own, ``measure`` lets them take turns; ``results``, ``page`` and ``chart`` tell
the outcome.
"""
