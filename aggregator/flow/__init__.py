"""The acts: gather, decide, keep."""
