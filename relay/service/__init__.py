"""The relay as a service of the system: its unit for systemd, put in place and taken away again, and what it tells the manager."""
