"""The blueprint of everything that a viewer gets."""

from flask import Blueprint

blueprint = Blueprint("watching", __name__, template_folder="../templates")
