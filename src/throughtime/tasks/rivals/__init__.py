"""Simple models that every network must be better than, learned in seconds from the same data and scored on the same.

A rival is a file here; :mod:`throughtime.tasks.rivals.keeping` says what becomes of it in a run. Nothing here loads
torch, and scikit-learn only where a linear model is learned.
"""
