"""Seminar groups, requests of study meetings, postponing, the glossary."""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('glossary_term',
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('term', sa.JSON(), nullable=False),
    sa.Column('reading', sa.String(length=120), nullable=False),
    sa.Column('also', sa.JSON(), nullable=False),
    sa.Column('meaning', sa.JSON(), nullable=False),
    sa.Column('see', sa.JSON(), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_glossary_term')),
    sa.UniqueConstraint('slug', name=op.f('uq_glossary_term_slug'))
    )
    op.create_table('edition_postponement',
    sa.Column('edition_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('cause', sa.String(length=12), nullable=False),
    sa.Column('words', sa.JSON(), nullable=False),
    sa.Column('lines', sa.JSON(), nullable=False),
    sa.Column('answer_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('by_id', sa.String(length=26), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("cause in ('weather','infection','strike','speaker','other')", name=op.f('ck_edition_postponement_cause_known')),
    sa.CheckConstraint("kind in ('moved','open','off')", name=op.f('ck_edition_postponement_kind_known')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_edition_postponement_edition_id_edition')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_edition_postponement'))
    )
    with op.batch_alter_table('edition_postponement', schema=None) as batch_op:
        batch_op.create_index('ix_edition_postponement_edition_at', ['edition_id', 'at'], unique=False)

    op.create_table('seminar_group',
    sa.Column('edition_id', sa.String(length=26), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=True),
    sa.Column('title', sa.JSON(), nullable=False),
    sa.Column('theme', sa.JSON(), nullable=False),
    sa.Column('tutor_id', sa.String(length=26), nullable=True),
    sa.Column('tutor_name', sa.JSON(), nullable=False),
    sa.Column('room', sa.JSON(), nullable=False),
    sa.Column('seats', sa.Integer(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint('seats is null or seats > 0', name=op.f('ck_seminar_group_seats_positive')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_seminar_group_edition_id_edition')),
    sa.ForeignKeyConstraint(['tutor_id'], ['person.id'], name=op.f('fk_seminar_group_tutor_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seminar_group')),
    sa.UniqueConstraint('edition_id', 'slug', name=op.f('uq_seminar_group_edition_id_slug'))
    )
    with op.batch_alter_table('seminar_group', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seminar_group_edition_id'), ['edition_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_seminar_group_tutor_id'), ['tutor_id'], unique=False)

    op.create_table('group_consent',
    sa.Column('enrolment_id', sa.String(length=26), nullable=False),
    sa.Column('agreed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_group_consent_enrolment_id_enrolment')),
    sa.PrimaryKeyConstraint('enrolment_id', name=op.f('pk_group_consent'))
    )
    op.create_table('group_member',
    sa.Column('enrolment_id', sa.String(length=26), nullable=False),
    sa.Column('group_id', sa.String(length=26), nullable=False),
    sa.Column('since_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('placed_by', sa.String(length=26), nullable=True),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_group_member_enrolment_id_enrolment')),
    sa.ForeignKeyConstraint(['group_id'], ['seminar_group.id'], name=op.f('fk_group_member_group_id_seminar_group')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_group_member'))
    )
    with op.batch_alter_table('group_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_group_member_enrolment_id'), ['enrolment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_group_member_group_id'), ['group_id'], unique=False)
        batch_op.create_index('uq_group_member_now', ['enrolment_id'], unique=True, sqlite_where=sa.text('until_at IS NULL'), postgresql_where=sa.text('until_at IS NULL'))

    op.create_table('postponement_answer',
    sa.Column('postponement_id', sa.String(length=26), nullable=False),
    sa.Column('person_id', sa.String(length=26), nullable=False),
    sa.Column('answer', sa.String(length=8), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('by_id', sa.String(length=26), nullable=True),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(length=8), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("answer in ('','yes','no','unsure')", name=op.f('ck_postponement_answer_answer_known')),
    sa.CheckConstraint("outcome in ('','kept','released')", name=op.f('ck_postponement_answer_outcome_known')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_postponement_answer_person_id_person')),
    sa.ForeignKeyConstraint(['postponement_id'], ['edition_postponement.id'], name=op.f('fk_postponement_answer_postponement_id_edition_postponement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_postponement_answer')),
    sa.UniqueConstraint('postponement_id', 'person_id', name=op.f('uq_postponement_answer_postponement_id_person_id'))
    )
    with op.batch_alter_table('postponement_answer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_postponement_answer_person_id'), ['person_id'], unique=False)

    op.create_table('ticket_issue',
    sa.Column('enrolment_id', sa.String(length=26), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.String(length=26), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint('number > 0', name=op.f('ck_ticket_issue_number_positive')),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_ticket_issue_by_id_person')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_ticket_issue_enrolment_id_enrolment')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket_issue')),
    sa.UniqueConstraint('enrolment_id', name=op.f('uq_ticket_issue_enrolment_id'))
    )
    op.create_table('meeting_request',
    sa.Column('organisation_id', sa.String(length=26), nullable=False),
    sa.Column('programme_id', sa.String(length=26), nullable=True),
    sa.Column('theme', sa.String(length=200), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('way', sa.String(length=8), nullable=False),
    sa.Column('place', sa.String(length=300), nullable=False),
    sa.Column('timezone', sa.String(length=64), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('languages', sa.JSON(), nullable=False),
    sa.Column('speaker', sa.String(length=300), nullable=False),
    sa.Column('contact_name', sa.String(length=120), nullable=False),
    sa.Column('contact_phone', sa.String(length=40), nullable=False),
    sa.Column('contact_address', sa.String(length=320), nullable=False),
    sa.Column('remarks', sa.Text(), nullable=False),
    sa.Column('search_key', sa.Text(), nullable=False),
    sa.Column('written_in', sa.String(length=20), nullable=False),
    sa.Column('source', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('created_by', sa.String(length=26), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(length=26), nullable=True),
    sa.Column('edition_id', sa.String(length=26), nullable=True),
    sa.Column('live_session_id', sa.String(length=26), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("programme_id is not null or theme <> ''", name=op.f('ck_meeting_request_about_something')),
    sa.CheckConstraint("source in ('browser','telephone','paper')", name=op.f('ck_meeting_request_source_known')),
    sa.CheckConstraint("state <> 'accepted' or edition_id is not null", name=op.f('ck_meeting_request_accepted_is_made')),
    sa.CheckConstraint("state in ('received','in_talks','accepted','declined','withdrawn')", name=op.f('ck_meeting_request_state_known')),
    sa.CheckConstraint("way in ('venue','web','hybrid')", name=op.f('ck_meeting_request_way_known')),
    sa.CheckConstraint('people > 0', name=op.f('ck_meeting_request_people_positive')),
    sa.ForeignKeyConstraint(['created_by'], ['person.id'], name=op.f('fk_meeting_request_created_by_person')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_meeting_request_edition_id_edition')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_meeting_request_live_session_id_live_session')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_meeting_request_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['programme_id'], ['programme.id'], name=op.f('fk_meeting_request_programme_id_programme')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting_request')),
    sa.UniqueConstraint('edition_id', name=op.f('uq_meeting_request_edition_id'))
    )
    with op.batch_alter_table('meeting_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_meeting_request_created_by'), ['created_by'], unique=False)
        batch_op.create_index(batch_op.f('ix_meeting_request_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_meeting_request_programme_id'), ['programme_id'], unique=False)
        batch_op.create_index('ix_meeting_request_state_created', ['state', 'created_at'], unique=False)

    op.create_table('planned_session',
    sa.Column('edition_id', sa.String(length=26), nullable=False),
    sa.Column('day', sa.Integer(), nullable=False),
    sa.Column('starts', sa.String(length=5), nullable=False),
    sa.Column('ends', sa.String(length=5), nullable=False),
    sa.Column('title', sa.JSON(), nullable=False),
    sa.Column('part_id', sa.String(length=26), nullable=True),
    sa.Column('room', sa.JSON(), nullable=False),
    sa.Column('groups', sa.JSON(), nullable=False),
    sa.Column('place', sa.String(length=8), nullable=False),
    sa.Column('live_session_id', sa.String(length=26), nullable=True),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("place in ('venue','web','both')", name=op.f('ck_planned_session_place_known')),
    sa.CheckConstraint('day >= 1', name=op.f('ck_planned_session_day_counts_from_one')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_planned_session_edition_id_edition')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_planned_session_live_session_id_live_session')),
    sa.ForeignKeyConstraint(['part_id'], ['part.id'], name=op.f('fk_planned_session_part_id_part')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_planned_session'))
    )
    with op.batch_alter_table('planned_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_planned_session_edition_id'), ['edition_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_planned_session_live_session_id'), ['live_session_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_planned_session_part_id'), ['part_id'], unique=False)

    op.create_table('session_group',
    sa.Column('live_session_id', sa.String(length=26), nullable=False),
    sa.Column('group_id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['seminar_group.id'], name=op.f('fk_session_group_group_id_seminar_group')),
    sa.ForeignKeyConstraint(['live_session_id'], ['live_session.id'], name=op.f('fk_session_group_live_session_id_live_session')),
    sa.PrimaryKeyConstraint('live_session_id', 'group_id', name=op.f('pk_session_group'))
    )
    with op.batch_alter_table('session_group', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_session_group_group_id'), ['group_id'], unique=False)

    op.create_table('meeting_request_date',
    sa.Column('meeting_request_id', sa.String(length=26), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('starts_local', sa.DateTime(), nullable=False),
    sa.Column('ends_local', sa.DateTime(), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint('ends_local > starts_local', name=op.f('ck_meeting_request_date_times_in_order')),
    sa.ForeignKeyConstraint(['meeting_request_id'], ['meeting_request.id'], name=op.f('fk_meeting_request_date_meeting_request_id_meeting_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting_request_date'))
    )
    with op.batch_alter_table('meeting_request_date', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_meeting_request_date_meeting_request_id'), ['meeting_request_id'], unique=False)

    op.create_table('meeting_request_entry',
    sa.Column('meeting_request_id', sa.String(length=26), nullable=False),
    sa.Column('step', sa.String(length=10), nullable=False),
    sa.Column('by_id', sa.String(length=26), nullable=True),
    sa.Column('by_staff', sa.Boolean(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.CheckConstraint("step in ('received','changed','message','in_talks','accepted','declined','withdrawn')", name=op.f('ck_meeting_request_entry_step_known')),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_meeting_request_entry_by_id_person')),
    sa.ForeignKeyConstraint(['meeting_request_id'], ['meeting_request.id'], name=op.f('fk_meeting_request_entry_meeting_request_id_meeting_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting_request_entry'))
    )
    with op.batch_alter_table('meeting_request_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_meeting_request_entry_by_id'), ['by_id'], unique=False)
        batch_op.create_index('ix_meeting_request_entry_request_at', ['meeting_request_id', 'at'], unique=False)

    with op.batch_alter_table('edition', schema=None) as batch_op:
        batch_op.add_column(sa.Column('notice', sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table('live_session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('on_hold_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('programme', schema=None) as batch_op:
        batch_op.add_column(sa.Column('takes_requests', sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table('provider_meeting', schema=None) as batch_op:
        batch_op.add_column(sa.Column('generation', sa.Integer(), server_default='0', nullable=False))

    with op.batch_alter_table('session_change', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_session_change_kind_known'), type_='check')
        batch_op.create_check_constraint(op.f('ck_session_change_kind_known'), "kind in ('moved','web_only','cancelled','postponed')")

    # What is held on request can be asked for; so it was before in all but the button.
    op.execute("UPDATE programme SET takes_requests = true WHERE kind = 'on_request'")


def downgrade() -> None:
    op.execute("DELETE FROM session_change WHERE kind = 'postponed'")
    with op.batch_alter_table('session_change', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_session_change_kind_known'), type_='check')
        batch_op.create_check_constraint(op.f('ck_session_change_kind_known'), "kind in ('moved','web_only','cancelled')")

    with op.batch_alter_table('provider_meeting', schema=None) as batch_op:
        batch_op.drop_column('generation')

    with op.batch_alter_table('programme', schema=None) as batch_op:
        batch_op.drop_column('takes_requests')

    with op.batch_alter_table('live_session', schema=None) as batch_op:
        batch_op.drop_column('on_hold_at')

    with op.batch_alter_table('edition', schema=None) as batch_op:
        batch_op.drop_column('notice')

    with op.batch_alter_table('meeting_request_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_meeting_request_entry_request_at')
        batch_op.drop_index(batch_op.f('ix_meeting_request_entry_by_id'))

    op.drop_table('meeting_request_entry')
    with op.batch_alter_table('meeting_request_date', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_meeting_request_date_meeting_request_id'))

    op.drop_table('meeting_request_date')
    with op.batch_alter_table('session_group', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_session_group_group_id'))

    op.drop_table('session_group')
    with op.batch_alter_table('planned_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_planned_session_part_id'))
        batch_op.drop_index(batch_op.f('ix_planned_session_live_session_id'))
        batch_op.drop_index(batch_op.f('ix_planned_session_edition_id'))

    op.drop_table('planned_session')
    with op.batch_alter_table('meeting_request', schema=None) as batch_op:
        batch_op.drop_index('ix_meeting_request_state_created')
        batch_op.drop_index(batch_op.f('ix_meeting_request_programme_id'))
        batch_op.drop_index(batch_op.f('ix_meeting_request_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_meeting_request_created_by'))

    op.drop_table('meeting_request')
    op.drop_table('ticket_issue')
    with op.batch_alter_table('postponement_answer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_postponement_answer_person_id'))

    op.drop_table('postponement_answer')
    with op.batch_alter_table('group_member', schema=None) as batch_op:
        batch_op.drop_index('uq_group_member_now', sqlite_where=sa.text('until_at IS NULL'), postgresql_where=sa.text('until_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_group_member_group_id'))
        batch_op.drop_index(batch_op.f('ix_group_member_enrolment_id'))

    op.drop_table('group_member')
    op.drop_table('group_consent')
    with op.batch_alter_table('seminar_group', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_seminar_group_tutor_id'))
        batch_op.drop_index(batch_op.f('ix_seminar_group_edition_id'))

    op.drop_table('seminar_group')
    with op.batch_alter_table('edition_postponement', schema=None) as batch_op:
        batch_op.drop_index('ix_edition_postponement_edition_at')

    op.drop_table('edition_postponement')
    op.drop_table('glossary_term')
