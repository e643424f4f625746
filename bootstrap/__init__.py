"""What messenger.py does before the program itself begins.

Nothing but the standard library is imported here, and only the syntax of Python 3.6 is used, so that an old Python can
say that it is too old.
"""
