"""Local files and texts: what they are, and whether the services take them."""
