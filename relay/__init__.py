"""The relay: keeps the group logs, and tells everybody what was said. It never imports tkinter."""
