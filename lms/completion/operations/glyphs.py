"""Which characters the fonts of certificates can print: those of every document of ours."""

from lms.infra.typesetting import font_folder, missing_glyphs

__all__ = ["font_folder", "missing_glyphs"]
