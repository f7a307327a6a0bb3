"""The groups of settings, by subject; `egma_lib.settings` joins them."""
