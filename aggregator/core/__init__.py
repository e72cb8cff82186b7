"""Pure judgements: no clock, no chance, no I/O."""
