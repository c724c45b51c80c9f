"""The lab: a page in the browser that shows what a trained recurrent network remembers while it reads.

``reading`` keeps what the layers did; ``readers`` turns a text into what a run's layers read, and what the run makes of
it into words; ``looking`` asks :mod:`throughtime.insight`; ``session`` answers the page, in ``frames``; ``page/`` is
what a browser loads.
"""
