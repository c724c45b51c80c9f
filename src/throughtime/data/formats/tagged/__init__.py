"""Formats of tagged text: tokens in lines with columns of tags, texts with marked spans, schemes of spans."""
