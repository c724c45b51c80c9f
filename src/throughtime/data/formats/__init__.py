"""The formats of files and of data in memory: records in, and predictions back out."""
