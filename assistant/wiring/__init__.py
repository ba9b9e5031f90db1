"""The only place that names concrete classes: settings become an assistant."""
