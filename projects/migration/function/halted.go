package function

import (
	"log/slog"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// halted writes a halt into the function's log, as one structured line that the saved
// query lane-halts finds: a lane that is called by its schedule answers nobody. The
// reason has no value of a row (checkpoint.Halt). applied is the lane's position on its
// source, generation its incarnation; both are 0 where the lane's row was not read.
func (p *parts) halted(halt *checkpoint.Halt, row checkpoint.Row) {
	slog.New(slog.NewJSONHandler(p.out, nil)).Error("lane halted", "lane", p.lane(), "halt_code", halt.Code, "reason", halt.Reason,
		"generation", row.Generation, "applied", row.Applied.String())
}
