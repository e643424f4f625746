"""The real window on a virtual screen, driven as a person drives it: by keys, clicks, and by looking."""
