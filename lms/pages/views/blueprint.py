"""The blueprint of pages that show several features."""

from flask import Blueprint

blueprint = Blueprint("pages", __name__, template_folder="../templates")
