-- Rows to move: made up, the same every time.
INSERT INTO payments.account (owner, balance, currency, opened)
  SELECT 'account ' || n, 1000, (ARRAY['EUR', 'USD', 'CHF'])[1 + n % 3]::payments.currency, '2025-01-01'::timestamptz + n * interval '1 minute'
  FROM generate_series(1, 5000) n;
INSERT INTO payments.transaction
  SELECT md5('transaction ' || n)::uuid, '2025-01-01'::date + n % 700, (ARRAY['card', 'transfer', 'refund'])[1 + n % 3]::payments.kind,
         1 + n % 500 + 0.25, jsonb_build_object('merchant', n % 997, 'note', repeat('x', n % 80))
  FROM generate_series(1, 60000) n;
INSERT INTO payments.ledger_entry (account, seq, transaction, amount)
  SELECT 1 + n % 5000, n / 5000, md5('transaction ' || 1 + n % 60000)::uuid, (n % 400 - 200) / 4.0
  FROM generate_series(1, 200000) n;
INSERT INTO payments.receipt (transaction, body)
  SELECT md5('transaction ' || n)::uuid, repeat(md5(n::text), 150) FROM generate_series(1, 4000) n;
ANALYZE;
