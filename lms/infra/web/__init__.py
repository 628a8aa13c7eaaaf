"""The web's common ground: who may, headers, forms, formats, pages for errors."""
