"""Pages of people: signing in, one's own account, people and organisations at the desk."""

from lms.people.views import account, organisations, persons, signing
from lms.people.views.blueprint import blueprint

__all__ = ["account", "blueprint", "organisations", "persons", "signing"]
