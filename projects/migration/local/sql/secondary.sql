-- What the source has besides keys.
CREATE INDEX transaction_amount ON payments.transaction (amount);
CREATE UNIQUE INDEX account_owner ON payments.account (owner);
ALTER TABLE payments.account ADD CONSTRAINT account_owner_check CHECK (owner <> '');
ALTER TABLE payments.ledger_entry ADD CONSTRAINT ledger_entry_account_fkey FOREIGN KEY (account) REFERENCES payments.account (id);
CREATE INDEX receipt_transaction ON payments.receipt (transaction);
