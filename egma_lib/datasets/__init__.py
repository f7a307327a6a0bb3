"""One reader per data set, all giving the tables of `contract.py`; pixels, prompts and splits beside them."""
