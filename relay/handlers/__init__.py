"""What each command means, one file a topic. `rules.RULES` says which handler it has and what must be true before it runs."""
