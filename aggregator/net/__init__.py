"""Requests out: limits, deadlines, private addresses refused."""
