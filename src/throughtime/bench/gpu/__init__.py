"""What a GPU does with the layers: are the numbers right, and how long do they take. ``scripts/gpu`` runs it.

It stands on torch, NumPy and the files of the package alone, so that a bare machine with a GPU and a copy of the
sources is enough. ``variants`` is what is checked, ``parity`` how; ``rows`` is what is timed, ``timing`` how; ``run``
keeps to its time and writes what it finds, ``page`` tells it.
"""
