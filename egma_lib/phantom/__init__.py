"""The built-in study: a parametric chest-radiograph and reading-room simulator that writes the real layouts."""
