"""The errors that a person sees: one sentence that says what was found, where, and what to do."""


class GlintError(Exception):
    """Something the user can mend. The command line prints its sentence and exits with `exit_code`."""

    exit_code = 1


class ImageRefused(GlintError):
    """A file that is no admissible photo. The sentence names the file and the reason."""


class CannotWrite(GlintError):
    """The target cannot be written (full disk, no permission): the run stops, nothing half-written counts."""


class Stopped(GlintError):
    """Ctrl-C while something was made that is whole or not there: nothing of it was kept."""

    exit_code = 130
