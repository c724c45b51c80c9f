"""Pages and pictures of how a run learned."""
