"""The desktop client: a window on the groups of one relay, useful without it too."""
