"""Thin library behind the EGMA notebook suite: gaze, datasets, models, losses, training, evaluation, figures.

Importing the package loads neither torch nor pymovements; import the subpackage you need.
"""

__version__ = "0.1.0"
