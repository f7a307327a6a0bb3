"""What the explorer draws: pure functions of a case, a state and arrays, each returning a `Figure`."""

from egma_lib.explorer.views.as_code import view_as_code
from egma_lib.explorer.views.contact_sheet import draw_contact_sheet
from egma_lib.explorer.views.film import draw_film, draw_side_by_side, shared_limits
from egma_lib.explorer.views.layers import shown_fixations
from egma_lib.explorer.views.layout import FilmLayout, film_layout
from egma_lib.explorer.views.output import draw_message, pixels, png_bytes, save_view
from egma_lib.explorer.views.rankings import draw_class_bars, draw_prompt_bars, draw_sentence_ranking
from egma_lib.explorer.views.replay import ReplayCanvas, draw_replay_frame
from egma_lib.explorer.views.timeline import draw_timeline

__all__ = [
    "FilmLayout",
    "ReplayCanvas",
    "draw_class_bars",
    "draw_contact_sheet",
    "draw_film",
    "draw_message",
    "draw_prompt_bars",
    "draw_replay_frame",
    "draw_sentence_ranking",
    "draw_side_by_side",
    "draw_timeline",
    "film_layout",
    "pixels",
    "png_bytes",
    "save_view",
    "shared_limits",
    "shown_fixations",
    "view_as_code",
]
