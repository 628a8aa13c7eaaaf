"""One row of settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model


class SiteRow(Model):
    """The only row holds the settings as JSON, in the shape of `SiteSettings`."""

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    values: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]
