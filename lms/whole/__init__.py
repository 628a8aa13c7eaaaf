"""Acts that touch every feature: content, search, demo."""
