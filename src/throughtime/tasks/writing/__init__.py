"""What tasks that write texts share: tokens, search, scores, the learner."""
