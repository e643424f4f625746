"""Backups: the whole relay in one sealed file, made while it runs, and brought back on this machine or another."""
