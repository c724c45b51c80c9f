"""How each library does a workload: functions that take a :class:`~throughtime.bench.workload.Workload` and return one
call of it. A library that is optional is imported inside them, so that its absence is one answer among others.
"""
