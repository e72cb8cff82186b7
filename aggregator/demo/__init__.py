"""The bundled sample newsroom: a loopback origin with invented outlets."""
