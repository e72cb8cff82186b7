"""The engines that keep what we know."""
