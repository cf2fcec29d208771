"""`InputError`: what the user gave is wrong; ends a run with one line, no stack trace."""


class InputError(Exception):
    """A portfolio, a table, a parameter or a version that cannot be used.

    The message is one line that names the file, key or column and the rule.
    """
