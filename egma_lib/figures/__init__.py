"""One file per figure: functions that take data and return a Figure; saving is a separate call."""
