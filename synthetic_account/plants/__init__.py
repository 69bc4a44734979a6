"""Cases that are put into every account on purpose, each with what must be found."""
