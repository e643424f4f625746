"""People and a real relay."""
