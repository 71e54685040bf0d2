package asynclog

import (
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func text(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) }

// writes notes each write.
type writes struct {
	mu  sync.Mutex
	all []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, string(p))
	return len(p), nil
}

func (w *writes) list() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.all)
}

func TestLogIsWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out writes
		log, _ := New(&out, text)
		log.Info("first")
		synctest.Wait()
		assert.Len(t, out.list(), 1, "after a pause, at once")
		time.Sleep(delay / 2)
		log.Info("second")
		log.With("a", "b").WithGroup("g").Info("third", "c", "d")
		synctest.Wait()
		assert.Len(t, out.list(), 1)
		time.Sleep(delay / 2)
		synctest.Wait()
		if assert.Len(t, out.list(), 2, "late by delay at most") {
			assert.Regexp(t, `^time=\S+ level=INFO msg=second\ntime=\S+ level=INFO msg=third a=b g\.c=d\n$`, out.list()[1])
		}
		log.Info("fourth")
		synctest.Wait()
		assert.Len(t, out.list(), 2)
		time.Sleep(delay)
		synctest.Wait()
		assert.Len(t, out.list(), 3)
		time.Sleep(2 * delay)
		log.Info("fifth")
		synctest.Wait()
		assert.Len(t, out.list(), 4, "after a pause, at once")
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Len(t, out.list(), 4, "nothing is written when there is nothing")
	})
}

func TestUrgentLogDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out writes
		log, flush := New(&out, text)
		log.Info("first")
		synctest.Wait()
		log.Info("second")
		log.Warn("third")
		synctest.Wait()
		assert.Len(t, out.list(), 2)
		assert.Contains(t, out.list()[1], "second")
		assert.Contains(t, out.list()[1], "third")
		log.With("a", "b").WithGroup("g").Error("fourth")
		synctest.Wait()
		assert.Len(t, out.list(), 3)
		log.Info("fifth")
		flush()
		assert.Len(t, out.list(), 4)
		flush()
		assert.Len(t, out.list(), 4)
	})
}

func TestLogThatWaitsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out writes
		log, flush := New(&out, text)
		for range 1000 {
			log.Info(strings.Repeat("x", 100))
			synctest.Wait()
		}
		flush()
		assert.Greater(t, len(out.list()), 3)
		assert.Less(t, len(out.list()), 10)
		for _, w := range out.list() {
			assert.Less(t, len(w), bufferSize+200)
		}
		assert.Equal(t, 1000, strings.Count(strings.Join(out.list(), ""), "\n"))
	})
}

// A reader of standard error that has stopped blocks nothing. When it reads again, it
// learns how many records it has missed.
func TestLogThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &blocking{goOn: make(chan struct{})}
		log, flush := New(out, text)
		record := strings.Repeat("x", 1000)
		const count = 2 * limit / 1000
		began := time.Now()
		for range count {
			log.Info(record)
			log.Warn(record)
		}
		assert.Zero(t, time.Since(began), "nobody waited")
		flush()
		assert.Equal(t, finishTime, time.Since(began))
		assert.Empty(t, out.list())

		close(out.goOn)
		flush()
		text := strings.Join(out.list(), "")
		assert.Less(t, len(text), limit+1000)
		written := strings.Count(text, "msg="+record)
		lost := 0
		for _, found := range lostRecords.FindAllStringSubmatch(text, -1) {
			n, err := strconv.Atoi(found[1])
			require.NoError(t, err)
			lost += n
		}
		assert.Equal(t, 2*count, written+lost)
		assert.Regexp(t, lostRecords.String()+`\z`, text)
		log.Info("again")
		flush()
		assert.Equal(t, text, strings.Join(out.list()[:len(out.list())-1], ""))
		assert.NotContains(t, out.list()[len(out.list())-1], "were lost")
	})
}

// Nor does it take another record, or the end, to learn of a lost one.
func TestLogTellsOfOneLostRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &blocking{goOn: make(chan struct{})}
		log, _ := New(out, text)
		log.Info(strings.Repeat("x", limit))
		time.Sleep(3 * delay)
		log.Info("lost")
		time.Sleep(3 * delay)
		close(out.goOn)
		time.Sleep(3 * delay)
		assert.Regexp(t, `records=1\n\z`, strings.Join(out.list(), ""))
	})
}

// One write may have begun before the first record was lost, or after it.
var lostRecords = regexp.MustCompile(`(?m)^time=\S+ level=ERROR msg="records were lost: the log was not read" records=(\d+)\n`)

// blocking writes nothing until goOn is closed.
type blocking struct {
	writes
	goOn chan struct{}
}

func (b *blocking) Write(p []byte) (int, error) {
	<-b.goOn
	return b.writes.Write(p)
}

func TestLogOfManyGoroutines(t *testing.T) {
	var out writes
	log, flush := New(&out, text)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for i := range 200 {
				if log.Info("info"); i%50 == 0 {
					log.Warn("warning")
				}
			}
		})
	}
	wg.Wait()
	flush()
	assert.Equal(t, 20*204, strings.Count(strings.Join(out.list(), ""), "\n"))
}
