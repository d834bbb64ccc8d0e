"""Every resource the control plane knows, on disk."""
