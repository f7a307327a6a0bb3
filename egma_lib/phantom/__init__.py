"""The built-in study: a chest-radiograph and reading-room simulator that writes the real layouts."""
