"""Beyond random features: what trained networks do that they cannot."""
