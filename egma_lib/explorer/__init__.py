"""The attention explorer: what a model looks at, beside what the radiologist looked at."""
