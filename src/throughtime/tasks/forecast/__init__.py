"""Series that go on: what comes next, and how sure that is."""
