"""What keeps files from coming or going."""


class StagingError(Exception):
    """Objects could not be brought or put away; the message is a FailureReason, AWS's words first."""
