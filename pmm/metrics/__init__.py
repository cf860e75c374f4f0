"""What a run amounted to: each metric is a fold over the steps, and every sink shows the same numbers."""
