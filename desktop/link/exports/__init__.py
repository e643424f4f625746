"""A conversation on its way into files: read from the relay or the archive, with the attached files, then handed to the writer."""
