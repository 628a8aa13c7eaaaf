"""Tables of rights, consent, publication and play sessions."""

from lms.rights.models.agreements import Agreement, AgreementTerm, Rightsholder, Withdrawal
from lms.rights.models.consents import ConsentItem, ConsentRequest
from lms.rights.models.keeping import DestructionRecord, RightsReminder
from lms.rights.models.playing import PlaySession, RefusalLog, RightsFacts
from lms.rights.models.publication import Override, Publication, PublicationProposal, Takedown
from lms.rights.models.segments import RightsPlan, Segment
from lms.rights.models.shelving import (
    ShelfArchive,
    ShelfFile,
    ShelfHolder,
    ShelfImport,
    ShelfItem,
)

__all__ = [
    "Agreement",
    "AgreementTerm",
    "ConsentItem",
    "ConsentRequest",
    "DestructionRecord",
    "Override",
    "PlaySession",
    "Publication",
    "PublicationProposal",
    "RefusalLog",
    "RightsFacts",
    "RightsPlan",
    "RightsReminder",
    "Rightsholder",
    "Segment",
    "ShelfArchive",
    "ShelfFile",
    "ShelfHolder",
    "ShelfImport",
    "ShelfItem",
    "Takedown",
    "Withdrawal",
]
