"""Hybrid sessions."""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('report_mapping',
    sa.Column('signature', sa.String(length=64), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('date_order', sa.String(length=8), nullable=False),
    sa.Column('made_by', sa.String(length=26), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_mapping')),
    sa.UniqueConstraint('signature', name=op.f('uq_report_mapping_signature'))
    )
    op.create_table('venue',
    sa.Column('name', sa.JSON(), nullable=False),
    sa.Column('address', sa.JSON(), nullable=False),
    sa.Column('access', sa.JSON(), nullable=False),
    sa.Column('map_url', sa.String(length=500), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_venue'))
    )
    op.create_table('calendar_feed',
    sa.Column('person_id', sa.String(length=26), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_calendar_feed_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_feed')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_calendar_feed_secret_hash'))
    )
    with op.batch_alter_table('calendar_feed', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_calendar_feed_person_id'), ['person_id'], unique=False)

    op.create_table('reminder_choice',
    sa.Column('person_id', sa.String(length=26), nullable=False),
    sa.Column('week', sa.Boolean(), nullable=False),
    sa.Column('day', sa.Boolean(), nullable=False),
    sa.Column('hour', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_reminder_choice_person_id_person')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_reminder_choice'))
    )
    op.create_table('venue_room',
    sa.Column('venue_id', sa.String(length=26), nullable=False),
    sa.Column('name', sa.JSON(), nullable=False),
    sa.Column('seats', sa.Integer(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint('seats is null or seats > 0', name=op.f('ck_venue_room_seats_positive')),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_venue_room_venue_id_venue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_venue_room'))
    )
    with op.batch_alter_table('venue_room', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_venue_room_venue_id'), ['venue_id'], unique=False)

    op.create_table('attendance_alias',
    sa.Column('edition_id', sa.String(length=26), nullable=False),
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('person_id', sa.String(length=26), nullable=False),
    sa.Column('made_by', sa.String(length=26), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_attendance_alias_edition_id_edition')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_attendance_alias_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attendance_alias')),
    sa.UniqueConstraint('edition_id', 'email', name=op.f('uq_attendance_alias_edition_id_email'))
    )
    with op.batch_alter_table('attendance_alias', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attendance_alias_person_id'), ['person_id'], unique=False)

    op.create_table('attendance_rule',
    sa.Column('edition_id', sa.String(length=26), nullable=False),
    sa.Column('min_minutes', sa.Integer(), nullable=False),
    sa.Column('min_percent', sa.Integer(), nullable=False),
    sa.Column('late_minutes', sa.Integer(), nullable=False),
    sa.Column('early_minutes', sa.Integer(), nullable=False),
    sa.Column('press_counts', sa.Boolean(), nullable=False),
    sa.Column('missing_is_absent', sa.Boolean(), nullable=False),
    sa.Column('changed_by', sa.String(length=26), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint('min_minutes >= 0 and late_minutes >= 0 and early_minutes >= 0', name=op.f('ck_attendance_rule_minutes_positive')),
    sa.CheckConstraint('min_percent between 0 and 100', name=op.f('ck_attendance_rule_percent_in_range')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_attendance_rule_edition_id_edition')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attendance_rule')),
    sa.UniqueConstraint('edition_id', name=op.f('uq_attendance_rule_edition_id'))
    )
    op.create_table('desk_hand',
    sa.Column('edition_id', sa.String(length=26), nullable=False),
    sa.Column('person_id', sa.String(length=26), nullable=False),
    sa.Column('named_by', sa.String(length=26), nullable=False),
    sa.Column('named_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_desk_hand_edition_id_edition')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_desk_hand_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_hand')),
    sa.UniqueConstraint('edition_id', 'person_id', name=op.f('uq_desk_hand_edition_id_person_id'))
    )
    with op.batch_alter_table('desk_hand', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_desk_hand_person_id'), ['person_id'], unique=False)

    op.create_table('edition_reminders',
    sa.Column('edition_id', sa.String(length=26), nullable=False),
    sa.Column('week', sa.Boolean(), nullable=False),
    sa.Column('day', sa.Boolean(), nullable=False),
    sa.Column('hour', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_edition_reminders_edition_id_edition')),
    sa.PrimaryKeyConstraint('edition_id', name=op.f('pk_edition_reminders'))
    )
    op.create_table('address_release',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('by_id', sa.String(length=26), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_address_release_by_id_person')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_address_release_live_session_id_live_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_address_release')),
    sa.UniqueConstraint('live_session_id', name=op.f('uq_address_release_live_session_id'))
    )
    with op.batch_alter_table('address_release', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_address_release_by_id'), ['by_id'], unique=False)

    op.create_table('attendance_report',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('file_name', sa.String(length=255), nullable=False),
    sa.Column('checksum', sa.String(length=64), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('zone', sa.String(length=64), nullable=False),
    sa.Column('date_order', sa.String(length=8), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('service', sa.String(length=40), nullable=False),
    sa.Column('meeting_id', sa.String(length=200), nullable=False),
    sa.Column('uploaded_by', sa.String(length=26), nullable=True),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('applied_by', sa.String(length=26), nullable=True),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint('(applied_at is null) = (content is not null)', name=op.f('ck_attendance_report_kept_until_applied')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_attendance_report_live_session_id_live_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attendance_report')),
    sa.UniqueConstraint('live_session_id', 'checksum', name=op.f('uq_attendance_report_live_session_id_checksum'))
    )
    op.create_table('check_in',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('person_id', sa.String(length=26), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.String(length=26), nullable=False),
    sa.Column('way', sa.String(length=8), server_default='venue', nullable=False),
    sa.Column('source', sa.String(length=8), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.String(length=26), nullable=True),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("source in ('tap','qr','walk_in','paper')", name=op.f('ck_check_in_source_known')),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_check_in_by_id_person')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_check_in_live_session_id_live_session')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_check_in_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_check_in'))
    )
    with op.batch_alter_table('check_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_check_in_live_session_id'), ['live_session_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_check_in_person_id'), ['person_id'], unique=False)
        batch_op.create_index('uq_check_in_open', ['live_session_id', 'person_id'], unique=True, sqlite_where=sa.text('undone_at IS NULL'), postgresql_where=sa.text('undone_at IS NULL'))

    op.create_table('missing_call',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.String(length=26), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_missing_call_by_id_person')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_missing_call_live_session_id_live_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_missing_call'))
    )
    with op.batch_alter_table('missing_call', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_missing_call_live_session_id'), ['live_session_id'], unique=False)

    op.create_table('personal_link',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('person_id', sa.String(length=26), nullable=False),
    sa.Column('meeting_id', sa.String(length=40), nullable=False),
    sa.Column('registrant_id', sa.String(length=100), nullable=False),
    sa.Column('join_url', sa.String(length=2000), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_personal_link_live_session_id_live_session')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_personal_link_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_personal_link')),
    sa.UniqueConstraint('live_session_id', 'person_id', name=op.f('uq_personal_link_live_session_id_person_id')),
    sa.UniqueConstraint('live_session_id', 'registrant_id', name=op.f('uq_personal_link_live_session_id_registrant_id'))
    )
    with op.batch_alter_table('personal_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_personal_link_person_id'), ['person_id'], unique=False)

    op.create_table('provider_meeting',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('provider', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('meeting_id', sa.String(length=40), nullable=False),
    sa.Column('join_url', sa.String(length=1000), nullable=False),
    sa.Column('passcode', sa.String(length=100), nullable=False),
    sa.Column('fault', sa.String(length=40), nullable=False),
    sa.Column('fault_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told', sa.String(length=64), nullable=False),
    sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fetch_fault', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("state in ('wanted','ready','failed','removed')", name=op.f('ck_provider_meeting_state_known')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_provider_meeting_live_session_id_live_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_provider_meeting')),
    sa.UniqueConstraint('live_session_id', name=op.f('uq_provider_meeting_live_session_id'))
    )
    op.create_table('reported_person',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('identity', sa.String(length=64), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('registrant_id', sa.String(length=200), nullable=False),
    sa.Column('stays', sa.Text(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('person_id', sa.String(length=26), nullable=True),
    sa.Column('matched_by', sa.String(length=12), nullable=False),
    sa.Column('decided_by', sa.String(length=26), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("(state = 'matched') = (person_id is not null)", name=op.f('ck_reported_person_person_if_matched')),
    sa.CheckConstraint("state in ('waiting','matched','dismissed')", name=op.f('ck_reported_person_state_known')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_reported_person_live_session_id_live_session')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_reported_person_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reported_person')),
    sa.UniqueConstraint('live_session_id', 'identity', name=op.f('uq_reported_person_live_session_id_identity'))
    )
    with op.batch_alter_table('reported_person', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reported_person_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_reported_person_session_state', ['live_session_id', 'state'], unique=False)

    op.create_table('session_change',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('was', sa.JSON(), nullable=False),
    sa.Column('message', sa.JSON(), nullable=False),
    sa.Column('by_id', sa.String(length=26), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("kind in ('moved','web_only','cancelled')", name=op.f('ck_session_change_kind_known')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_session_change_live_session_id_live_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session_change'))
    )
    with op.batch_alter_table('session_change', schema=None) as batch_op:
        batch_op.create_index('ix_session_change_session_at', ['live_session_id', 'at'], unique=False)

    op.create_table('session_invitation',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('person_id', sa.String(length=26), nullable=False),
    sa.Column('method', sa.String(length=8), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('session_sequence', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("method in ('REQUEST','CANCEL')", name=op.f('ck_session_invitation_method_known')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_session_invitation_live_session_id_live_session')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_session_invitation_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session_invitation')),
    sa.UniqueConstraint('live_session_id', 'person_id', name=op.f('uq_session_invitation_live_session_id_person_id'))
    )
    with op.batch_alter_table('session_invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_session_invitation_person_id'), ['person_id'], unique=False)

    op.create_table('session_reminder',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('person_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("kind in ('week','day','hour')", name=op.f('ck_session_reminder_kind_known')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_session_reminder_live_session_id_live_session')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_session_reminder_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session_reminder')),
    sa.UniqueConstraint('live_session_id', 'person_id', 'kind', name=op.f('uq_session_reminder_live_session_id_person_id_kind'))
    )
    with op.batch_alter_table('session_reminder', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_session_reminder_person_id'), ['person_id'], unique=False)

    op.create_table('session_way',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('person_id', sa.String(length=26), nullable=False),
    sa.Column('way', sa.String(length=8), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("way in ('venue','web')", name=op.f('ck_session_way_way_known')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_session_way_live_session_id_live_session')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_session_way_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session_way')),
    sa.UniqueConstraint('live_session_id', 'person_id', name=op.f('uq_session_way_live_session_id_person_id'))
    )
    with op.batch_alter_table('session_way', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_session_way_person_id'), ['person_id'], unique=False)

    op.create_table('walk_in',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('person_id', sa.String(length=26), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('organisation', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.String(length=26), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(length=26), nullable=True),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("state in ('noted','enrolled','dismissed')", name=op.f('ck_walk_in_state_known')),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_walk_in_by_id_person')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_walk_in_live_session_id_live_session')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_walk_in_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_walk_in'))
    )
    with op.batch_alter_table('walk_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_walk_in_live_session_id'), ['live_session_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_walk_in_person_id'), ['person_id'], unique=False)

    op.create_table('report_row',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('report_id', sa.String(length=26), nullable=False),
    sa.Column('reported_id', sa.String(length=26), nullable=True),
    sa.Column('row_key', sa.String(length=64), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('registrant_id', sa.Text(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('minutes', sa.Integer(), nullable=True),
    sa.Column('cells', sa.JSON(), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_report_row_live_session_id_live_session')),
    sa.ForeignKeyConstraint(['report_id'], ['attendance_report.id'], name=op.f('fk_report_row_report_id_attendance_report')),
    sa.ForeignKeyConstraint(['reported_id'], ['reported_person.id'], name=op.f('fk_report_row_reported_id_reported_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_row')),
    sa.UniqueConstraint('live_session_id', 'row_key', name=op.f('uq_report_row_live_session_id_row_key'))
    )
    with op.batch_alter_table('report_row', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_report_row_report_id'), ['report_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_report_row_reported_id'), ['reported_id'], unique=False)

    with op.batch_alter_table('live_session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('room', sa.JSON(), server_default='{}', nullable=False))
        batch_op.add_column(sa.Column('seats', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('dial_in', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('host_id', sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column('channels', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('name_format', sa.JSON(), server_default='{}', nullable=False))
        batch_op.add_column(sa.Column('zone_rules', sa.String(length=20), server_default='', nullable=False))
        batch_op.add_column(sa.Column('notice', sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_live_session_host_id'), ['host_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_live_session_host_id_person'), 'person', ['host_id'], ['id'])

    with op.batch_alter_table('session_speaker', schema=None) as batch_op:
        batch_op.add_column(sa.Column('role', sa.String(length=12), server_default='speaker', nullable=False))
        batch_op.create_check_constraint(op.f('ck_session_speaker_role_known'), "role in ('speaker','interpreter')")



def downgrade() -> None:
    with op.batch_alter_table('session_speaker', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_session_speaker_role_known'), type_='check')
        batch_op.drop_column('role')

    with op.batch_alter_table('live_session', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_live_session_host_id_person'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_live_session_host_id'))
        batch_op.drop_column('changed_at')
        batch_op.drop_column('notice')
        batch_op.drop_column('zone_rules')
        batch_op.drop_column('name_format')
        batch_op.drop_column('channels')
        batch_op.drop_column('host_id')
        batch_op.drop_column('dial_in')
        batch_op.drop_column('seats')
        batch_op.drop_column('room')

    with op.batch_alter_table('report_row', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_report_row_reported_id'))
        batch_op.drop_index(batch_op.f('ix_report_row_report_id'))

    op.drop_table('report_row')
    with op.batch_alter_table('walk_in', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_walk_in_person_id'))
        batch_op.drop_index(batch_op.f('ix_walk_in_live_session_id'))

    op.drop_table('walk_in')
    with op.batch_alter_table('session_way', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_session_way_person_id'))

    op.drop_table('session_way')
    with op.batch_alter_table('session_reminder', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_session_reminder_person_id'))

    op.drop_table('session_reminder')
    with op.batch_alter_table('session_invitation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_session_invitation_person_id'))

    op.drop_table('session_invitation')
    with op.batch_alter_table('session_change', schema=None) as batch_op:
        batch_op.drop_index('ix_session_change_session_at')

    op.drop_table('session_change')
    with op.batch_alter_table('reported_person', schema=None) as batch_op:
        batch_op.drop_index('ix_reported_person_session_state')
        batch_op.drop_index(batch_op.f('ix_reported_person_person_id'))

    op.drop_table('reported_person')
    op.drop_table('provider_meeting')
    with op.batch_alter_table('personal_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_personal_link_person_id'))

    op.drop_table('personal_link')
    with op.batch_alter_table('missing_call', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_missing_call_live_session_id'))

    op.drop_table('missing_call')
    with op.batch_alter_table('check_in', schema=None) as batch_op:
        batch_op.drop_index('uq_check_in_open', sqlite_where=sa.text('undone_at IS NULL'), postgresql_where=sa.text('undone_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_check_in_person_id'))
        batch_op.drop_index(batch_op.f('ix_check_in_live_session_id'))

    op.drop_table('check_in')
    op.drop_table('attendance_report')
    with op.batch_alter_table('address_release', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_address_release_by_id'))

    op.drop_table('address_release')
    op.drop_table('edition_reminders')
    with op.batch_alter_table('desk_hand', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_desk_hand_person_id'))

    op.drop_table('desk_hand')
    op.drop_table('attendance_rule')
    with op.batch_alter_table('attendance_alias', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_attendance_alias_person_id'))

    op.drop_table('attendance_alias')
    with op.batch_alter_table('venue_room', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_venue_room_venue_id'))

    op.drop_table('venue_room')
    op.drop_table('reminder_choice')
    with op.batch_alter_table('calendar_feed', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_calendar_feed_person_id'))

    op.drop_table('calendar_feed')
    op.drop_table('venue')
    op.drop_table('report_mapping')
