"""Tables and the one-page report, made from long rows and stored artefacts."""
