"""Files in the window."""
