"""How the page looks: sizes, colours, and icons that need no font from the network."""

from __future__ import annotations

import ipywidgets as W

_STYLE = """
.egma-explorer { --egma-chosen: #0173b2; --egma-spoken: #de8f05; max-width: 1700px; }
.egma-columns { display: grid !important;
  grid-template-columns: 270px minmax(420px, 1fr) minmax(330px, 430px); gap: 18px; align-items: start; }
.egma-columns > * { min-width: 0; }
@media (max-width: 1050px) { .egma-columns { grid-template-columns: 1fr; } }
.egma-explorer .widget-vbox > * { flex-shrink: 0; }
.egma-explorer .widget-label { min-width: 58px; width: 58px; }
.egma-heading { display: block; font-weight: 600; border-bottom: 1px solid #ccc; margin-top: 6px;
  line-height: 1.7; }
.egma-seen { margin: 2px 0; line-height: 1.4; min-height: 2.8em; white-space: normal; }
.egma-caption, .egma-hint { color: #555; font-size: 12px; line-height: 1.4; white-space: normal; }
/* No letterbox around the picture: the place of a click is told from the box alone. */
.egma-explorer img { width: auto; height: auto; max-width: 100%; align-self: center; object-fit: fill; }
.egma-explorer .egma-picture { cursor: crosshair; outline-offset: 2px; max-height: 76vh; }
.egma-clock { white-space: nowrap; flex: 0 0 auto; }
.egma-explorer .widget-html-content { line-height: 1.4; }
.egma-error { display: block; color: #7a1020; background: #fdecee; border-left: 4px solid #b3142b;
  padding: 6px 8px; line-height: 1.4; white-space: pre-wrap; }
.egma-code { display: block; width: 100%; box-sizing: border-box; margin-top: 4px;
  font: 12px/1.4 monospace; }
.egma-copy { padding: 0 10px; }
.egma-unknown { color: #7a1020; white-space: normal; }
.egma-explorer .egma-sentence { height: auto; min-height: 28px; text-align: left; white-space: normal;
  line-height: 1.35; padding: 4px 8px; }
.egma-explorer .egma-chosen { box-shadow: inset 5px 0 0 var(--egma-chosen); font-weight: 600; }
.egma-explorer .egma-spoken { background: var(--egma-spoken); color: #000; }
.egma-explorer button:focus-visible, .egma-explorer select:focus-visible {
  outline: 3px solid var(--egma-chosen); }
.egma-facts, .egma-measures { border-collapse: collapse; font-size: 12px; line-height: 1.45; width: 100%; }
.egma-facts th, .egma-measures th { text-align: left; padding-right: 8px; vertical-align: top;
  font-weight: 600; }
.egma-facts td { white-space: normal; overflow-wrap: anywhere; }
.egma-measures td { padding-right: 8px; }
.egma-undefined { color: #777; font-size: 11px; line-height: 1.2; white-space: normal; }
.egma-explorer .egma-play .fa::before { font-family: sans-serif; font-weight: 400; }
.egma-explorer .egma-play .fa-play::before { content: "\\25B6\\FE0E"; }
.egma-explorer .egma-play .fa-pause::before { content: "\\275A\\275A"; }
.egma-explorer .egma-play .fa-stop::before { content: "\\25A0"; }
.egma-explorer .egma-play .fa-retweet::before { content: "\\21BA"; }
"""


def style() -> W.HTML:
    """Return the style sheet as a part of the explorer, so that it comes along wherever that is shown."""
    return W.HTML(f"<style>{_STYLE}</style>", layout=W.Layout(display="none"))
