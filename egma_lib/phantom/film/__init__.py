"""Films of the phantom study: a parametric chest, its findings, its marks and four acquisition chains."""

from egma_lib.phantom.film.draw import draw_film

__all__ = ["draw_film"]
