"""Errors that a user can fix. Each message names the file or key, the value and what is allowed."""


class ConfigError(ValueError):
    """A value in the configuration (or a cell's path) that is not allowed."""


class DataError(ValueError):
    """A data set that is missing, incomplete or corrupt."""


class RecordError(ValueError):
    """A record or checkpoint that is incomplete, of another cell or of another version."""
