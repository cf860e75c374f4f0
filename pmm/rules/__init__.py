"""Risk rules, one a file: pure, from what risk may see to a verdict with its reason."""
