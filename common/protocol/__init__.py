"""The wire: its words, their frames, and who may say what next."""
