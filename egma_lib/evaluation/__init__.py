"""Zero-shot classification, retrieval and pointing from stored per-case scores, with intervals."""
