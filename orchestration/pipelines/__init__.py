"""Projects to pipeline definitions, through the SDK's step classes."""
