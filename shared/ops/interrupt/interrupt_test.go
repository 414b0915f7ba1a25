package interrupt

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorder notes what the handler was told.
func recorder() (Handler, chan string) {
	told := make(chan string, 16)
	return Handler{
		Drain:  func(why string) { told <- "drain: " + why },
		Cancel: func(why string) { told <- "cancel: " + why },
		Remind: func(why string) { told <- "remind: " + why },
	}, told
}

func TestFirstDrainsSecondCancelsThirdReminds(t *testing.T) {
	h, told := recorder()
	w := &Watch{handler: h}
	start := time.Unix(1000, 0)
	for i := range 4 {
		w.press("x", start.Add(time.Duration(i)*time.Second))
	}

	assert.Equal(t, []string{"drain: x", "cancel: x", "remind: x", "remind: x"}, []string{<-told, <-told, <-told, <-told})
}

func TestOneKeyPressThatArrivesTwiceCountsOnce(t *testing.T) {
	h, told := recorder()
	w := &Watch{handler: h}
	start := time.Unix(1000, 0)
	w.press("x", start)
	w.press("x", start.Add(bounce-1))
	assert.Len(t, told, 1)
	w.press("x", start.Add(bounce))
	assert.Len(t, told, 2)
}

func TestTakeSilencesWhoRegisteredBefore(t *testing.T) {
	mage := make(chan os.Signal, 1)
	signal.Notify(mage, os.Interrupt)
	h, told := recorder()
	w := Take(h)
	defer w.Release()

	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT))

	assert.Equal(t, "drain: Ctrl-C", <-told)
	assert.Empty(t, mage)
}

func TestRetakeSilencesWhoRegisteredMeanwhile(t *testing.T) {
	h, told := recorder()
	w := Take(h)
	defer w.Release()
	mage := make(chan os.Signal, 1)
	signal.Notify(mage, os.Interrupt)
	w.Retake()

	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT))

	assert.Equal(t, "drain: Ctrl-C", <-told)
	assert.Empty(t, mage)
}
