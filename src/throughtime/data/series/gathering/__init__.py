"""Rows of a table in long format become series: gathered as they come, and handed out whole or in windows."""
