-- Who may do what to the record in PostgreSQL. Run by the owner of the tables after the first migrate, and again after
-- every migrate that makes a table:  psql "$OWNER_DATABASE_URL" --set ON_ERROR_STOP=1 --file audit/roles.sql
--
--   panels_app        web server, workers and beat: writes events and facts, never a place in the log or a checkpoint
--   panels_sequencer  the worker of the queue "audit", and nobody else: gives places, signs, writes few events of its own
--   panels_auditor    somebody who reads the record, without what was said in confidence
--
-- The owner (whoever runs this) migrates, and performs erasures. Give the roles a way to log in by ALTER ROLE ... LOGIN
-- PASSWORD, and each process the DATABASE_URL of its role.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['panels_app', 'panels_sequencer', 'panels_auditor'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
    END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC, panels_app, panels_sequencer, panels_auditor;
GRANT USAGE ON SCHEMA public TO panels_app, panels_sequencer, panels_auditor;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM panels_app, panels_sequencer, panels_auditor;

-- The application's own tables; triggers refuse what the record does not justify.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO panels_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO panels_app;

-- The record: written once. Nobody but the owner erases, and nobody queues an event by hand: a trigger of the owner's does.
REVOKE INSERT, UPDATE, DELETE ON
    audit_event, audit_private, audit_erasure, audit_pending, audit_leaf, audit_tile, audit_checkpoint, audit_attestation
    FROM panels_app;
GRANT INSERT ON audit_event, audit_private, audit_attestation TO panels_app;

GRANT SELECT ON
    audit_event, audit_private, audit_erasure, audit_pending, audit_leaf, audit_tile, audit_checkpoint, audit_attestation
    TO panels_sequencer;
GRANT INSERT ON audit_event, audit_leaf, audit_tile, audit_checkpoint TO panels_sequencer;
GRANT DELETE ON audit_pending TO panels_sequencer;

GRANT SELECT ON
    audit_event, audit_erasure, audit_pending, audit_leaf, audit_tile, audit_checkpoint, audit_attestation
    TO panels_auditor;
