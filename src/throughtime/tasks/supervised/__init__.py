"""What tasks on records with targets share: from files to examples, from examples to a trained network, and back.

To add such a task, subclass :class:`~throughtime.tasks.supervised.reader.RecordReader` (what its targets are; loads no
torch) and :class:`~throughtime.tasks.supervised.learner.Learner` (its network, loss, scores and predictions).
"""
