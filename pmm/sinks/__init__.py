"""Where steps go to stay: the state file of an instance."""
