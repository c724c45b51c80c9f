"""Series put together out of the columns of a table: in order, without holes, with what stands beside."""
