"""Sheets: what covers the window until it is answered or closed. Each is imported when it is needed first."""
