"""Media files and handouts, staff side: upload, processing, captions."""
