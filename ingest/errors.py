"""Errors of reading a file. Every message is a sentence for the user."""


class PinciteError(Exception):
    """Says what happened, to which file or setting, and what to do: the base of all errors that are
    shown as text. Anything else is a bug."""


class NothingFound(PinciteError):
    """There is no such path, or no file of a known kind below it."""


class Stopped(PinciteError):
    """The work was ended from outside before there was a result. Says nothing about its files."""


class UnreadableFile(PinciteError):
    """The file is damaged, empty or not what its name says."""


class UnsupportedFile(UnreadableFile):
    """No loader reads this kind of file."""


class EncryptedFile(UnreadableFile):
    """The file opens only with a password."""


class PageTooLarge(UnreadableFile):
    """One page is too large to be kept. Whoever knows the file names it."""


class CannotRecognise(PinciteError):
    """Pictures and scans cannot be read with these settings; text is read all the same."""


class ExtensionFailed(PinciteError):
    """A package that extends the program does not load or work; it is named."""
