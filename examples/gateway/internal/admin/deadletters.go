package admin

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/accesshook/accesshook/event/durable"
)

const (
	// maxDeadLetters is how many dead letters one request can list, and how many it
	// lists by default.
	maxDeadLetters = 100
	// maxListBytes is how large a list may be. It ends earlier if more would not fit,
	// and has at least one dead letter.
	maxListBytes = 1 << 20
	// A list is read deadLettersAtOnce at a time, since each is in memory with its event.
	deadLettersAtOnce = 10
	// maxReads is how many requests may read or drop dead letters at once, and how many
	// may retry them.
	maxReads = 4
	// readTimeout limits reading what one request asks for, and then writing the answer.
	readTimeout = 10 * time.Second
)

// DeadLetters are the events whose attempts all failed. Its methods are safe for
// concurrent use. What they return contains no secrets.
type DeadLetters interface {
	// List returns up to limit dead letters that f selects, in order, without their
	// events. Each is a JSON object with a field "number". It returns none only if there
	// are no more.
	List(ctx context.Context, f durable.DeadFilter, limit int) ([]json.RawMessage, error)
	// Show returns a dead letter with its event.
	Show(ctx context.Context, number uint64) (json.RawMessage, error)
	// Retry handles the event of a dead letter again, and deletes the dead letter if that
	// succeeds. The end of ctx does not stop it.
	Retry(ctx context.Context, number uint64) error
	// Drop deletes a dead letter and its event.
	Drop(ctx context.Context, number uint64) error
}

// A DeadLetterAPI serves dead letters as JSON.
type DeadLetterAPI struct {
	// Letters may be nil: there is no store.
	Letters DeadLetters
	// RetryTimeout is how long Letters.Retry may take.
	RetryTimeout time.Duration
	// Explain returns the HTTP status and the text for an error of Letters. It returns 0
	// for an error that is not for clients, which is logged.
	Explain func(error) (status int, text string)
	Log     *slog.Logger
}

// Register adds /dead and what is below it to mux. The caller guards them.
func (d *DeadLetterAPI) Register(mux *http.ServeMux) {
	if d.Letters == nil {
		none := func(w http.ResponseWriter, _ *http.Request) {
			writeError(w, http.StatusNotFound, "there is no store: the gateway was started without -data and -nats")
		}
		mux.HandleFunc("/dead", none)
		mux.HandleFunc("/dead/", none)
		return
	}
	reads, retries := make(chan struct{}, maxReads), make(chan struct{}, maxReads)
	mux.HandleFunc("GET /dead", func(w http.ResponseWriter, r *http.Request) {
		filter, limit, err := parseList(r.URL.Query()) // not FormValue, which also reads a body
		if err != nil {
			writeError(w, http.StatusBadRequest, err.Error())
			return
		}
		w.Header().Set(filteredHeader, "true")
		d.answer(w, r, reads, readTimeout, func(ctx context.Context) (any, error) { return d.list(ctx, filter, limit) })
	})
	numbered := func(pattern string, slots chan struct{}, timeout time.Duration, f func(context.Context, uint64) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			number, err := strconv.ParseUint(r.PathValue("number"), 10, 64)
			if err != nil {
				writeError(w, http.StatusNotFound, "there is no such dead letter")
				return
			}
			d.answer(w, r, slots, timeout, func(ctx context.Context) (any, error) { return f(ctx, number) })
		})
	}
	numbered("GET /dead/{number}", reads, readTimeout, func(ctx context.Context, number uint64) (any, error) {
		return d.Letters.Show(ctx, number)
	})
	numbered("DELETE /dead/{number}", reads, readTimeout, func(ctx context.Context, number uint64) (any, error) {
		return map[string]bool{"dropped": true}, d.Letters.Drop(ctx, number)
	})
	numbered("POST /dead/{number}/retry", retries, d.RetryTimeout, func(ctx context.Context, number uint64) (any, error) {
		return map[string]bool{"handled": true}, d.Letters.Retry(ctx, number)
	})
}

// answer answers with what f returns within the timeout. It refuses requests while as
// many run as slots has room for. An answer takes its slot until it is written, so that
// memory is bounded as well.
func (d *DeadLetterAPI) answer(w http.ResponseWriter, r *http.Request, slots chan struct{}, timeout time.Duration, f func(context.Context) (any, error)) {
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	default:
		w.Header().Set("Retry-After", "1")
		writeError(w, http.StatusServiceUnavailable, "too many requests for dead letters at once")
		return
	}
	// A server that is not one of net/http may have no deadlines.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout + readTimeout))
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	answer, err := f(ctx)
	if err == nil {
		writeJSON(w, http.StatusOK, answer)
		return
	}
	status, text := d.Explain(err)
	if status == 0 {
		d.Log.Error("dead letters cannot be had", "error", err)
		status, text = http.StatusServiceUnavailable, "the store does not answer"
	}
	writeError(w, status, text)
}

func writeError(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, map[string]string{"error": text})
}

// list returns up to limit dead letters that f selects.
func (d *DeadLetterAPI) list(ctx context.Context, f durable.DeadFilter, limit int) ([]json.RawMessage, error) {
	list, size := make([]json.RawMessage, 0, limit), 0 // not nil, which is null in JSON
	for len(list) < limit {
		letters, err := d.Letters.List(ctx, f, min(deadLettersAtOnce, limit-len(list)))
		if err != nil || len(letters) == 0 {
			return list, err
		}
		for _, letter := range letters {
			if size += len(letter); size > maxListBytes && len(list) > 0 {
				return list, nil
			}
			list = append(list, letter)
		}
		var last struct{ Number uint64 }
		if err := json.Unmarshal(letters[len(letters)-1], &last); err != nil {
			return nil, err
		}
		f.After = last.Number
	}
	return list, nil
}
