"""Rules of people: names, passwords, attempts, organisations, addresses."""

from lms.people.rules.accounts import (
    ADDRESS_LINK_LIFE,
    INVITATION_LIFE,
    RESET_LIFE,
    clean_address,
    clean_login_id,
    has_control_characters,
    is_address,
    is_login_id,
    local_path,
)
from lms.people.rules.attempts import Limit, judge_attempts
from lms.people.rules.names import (
    Named,
    PersonName,
    derive_search_key,
    derive_sort_key,
    display_name,
    kana_name,
    latin_name,
)
from lms.people.rules.organisations import (
    OrganisationNode,
    OrganisationPath,
    Tree,
    may_stand_under,
    name_on,
    periods_overlap,
)
from lms.people.rules.passwords import PasswordFault, password_fault

__all__ = [
    "ADDRESS_LINK_LIFE",
    "INVITATION_LIFE",
    "RESET_LIFE",
    "Limit",
    "Named",
    "OrganisationNode",
    "OrganisationPath",
    "PasswordFault",
    "PersonName",
    "Tree",
    "clean_address",
    "clean_login_id",
    "derive_search_key",
    "derive_sort_key",
    "display_name",
    "has_control_characters",
    "is_address",
    "is_login_id",
    "judge_attempts",
    "kana_name",
    "latin_name",
    "local_path",
    "may_stand_under",
    "name_on",
    "password_fault",
    "periods_overlap",
]
