"""A conversation as files to keep: a program of its own that makes them of what the link has read. It knows no relay and no key."""
