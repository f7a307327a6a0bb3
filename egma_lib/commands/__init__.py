"""Groups of `egma` commands; each calls the library and prints."""
