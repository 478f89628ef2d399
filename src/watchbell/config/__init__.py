"""The roof: Django settings, urls and wsgi; the only place that knows everyone."""
