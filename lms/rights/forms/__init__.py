"""Forms of rights."""

from lms.rights.forms.desk import (
    ANONYMOUS,
    NAMED,
    AgreementForm,
    AnswerForm,
    PublicationForm,
    ReasonForm,
    SimulatorForm,
    reach_choices,
    usual_actions,
)

__all__ = [
    "ANONYMOUS",
    "NAMED",
    "AgreementForm",
    "AnswerForm",
    "PublicationForm",
    "ReasonForm",
    "SimulatorForm",
    "reach_choices",
    "usual_actions",
]
