"""Eye movements of simulated radiologists: where they look, how they get there, what trackers record."""

from egma_lib.phantom.reading.reader import draw_reader
from egma_lib.phantom.reading.simulate import simulate_reading

__all__ = ["draw_reader", "simulate_reading"]
