"""Quality gates: the claims each layer must meet, one file per layer."""
