"""Which steps follow in a series, and what the calendar says of them."""
