"""Controls of the gaze claim: the same training data with another heatmap in place of the measured one."""
