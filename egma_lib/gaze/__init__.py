"""From raw recordings and transcripts to events, sentences and sentence heatmaps."""
