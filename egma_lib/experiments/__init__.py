"""Which runs make which table: arms, nested gaze subsets, sharing of runs, execution."""
