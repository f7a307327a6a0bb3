"""Writers of the real on-disk layouts, one file per data set; docs/data-formats.md is their specification."""
