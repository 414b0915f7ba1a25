//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestALaneLoadsItsBaseFollowsAndBecomesStrict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 1 WHERE id % 2 = 0`, `DELETE FROM public.entry WHERE seq > 15`)
	stop := w.background(w.runner("first"))
	w.exec(w.blue, `UPDATE public.document SET slot = slot + 1000`, `INSERT INTO public.payment VALUES (9000, '2026-05-05', 1), (9001, '2031-01-01', 2)`)
	w.running()
	w.exec(w.blue, `UPDATE public.payment SET day = '2026-03-03' WHERE id = 9001`, `DELETE FROM public.account WHERE id = 7`)
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	w.equal()
	assert.GreaterOrEqual(t, report.LoadedRows, int64(200+1000-250+40+400))
	assert.EqualValues(t, 7, value[int64](w, w.green, `SELECT count(*) FROM pg_indexes WHERE indexname IN ('entry_note', 'document_slot', 'account_owner_key', 'payment_amount')
		OR (indexname LIKE 'payment%amount%' AND tablename <> 'payment')`)+value[int64](w, w.green, `SELECT count(*) FROM pg_constraint WHERE conname = 'entry_account_fkey' AND convalidated`),
		"what was left out before the load is built")
}
