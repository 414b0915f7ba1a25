-- The applications write to one side only.
REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA payments FROM payments_app;
REVOKE USAGE ON ALL SEQUENCES IN SCHEMA payments FROM payments_app;
