"""Shows what the system shows beside the window, in a thread of its own: notifications, and an icon beside the clock."""
