"""The suite's exceptions; each message names what was got, what was wanted and what to do."""


class EgmaError(Exception):
    """Base of every error a user can mend; the command line prints it without a traceback."""


class SettingsError(EgmaError):
    """A setting is unknown, out of range or contradicts another one."""


class DataError(EgmaError):
    """A data file is missing, or a row or field of it is not what its format promises."""


class LeakageError(DataError):
    """Sets trained on share patients or films with sets evaluated on."""


class GazeError(EgmaError):
    """A recording cannot be processed as asked, e.g. a method its sampling rate does not allow."""


class ArtefactError(EgmaError):
    """A result of an earlier stage is missing, damaged or was made from other inputs."""


class TrainingError(EgmaError):
    """A training run cannot start or go on."""


class StageError(EgmaError):
    """A notebook stage failed or was asked for wrongly."""
