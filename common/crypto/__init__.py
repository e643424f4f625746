"""Sealing, keys, passwords and the relay's identity. The only package that imports nacl and cryptography."""
