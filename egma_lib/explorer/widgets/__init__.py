"""The explorer's widgets: thin, without mathematics; what they draw comes from `egma_lib.explorer.views`."""

from egma_lib.explorer.widgets.explorer import Explorer, build_explorer

__all__ = ["Explorer", "build_explorer"]
