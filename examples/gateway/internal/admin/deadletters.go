package admin

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"
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
	// List returns up to limit dead letters with numbers above after, in order, without
	// their events. Each is a JSON object with a member "number". It returns fewer only
	// if there are no more.
	List(ctx context.Context, after uint64, limit int) ([]json.RawMessage, error)
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
	mux.HandleFunc("GET /dead", d.bounded(reads, readTimeout, d.list))
	mux.HandleFunc("GET /dead/{number}", d.bounded(reads, readTimeout, numbered(func(ctx context.Context, number uint64) (any, error) {
		return d.Letters.Show(ctx, number)
	})))
	mux.HandleFunc("DELETE /dead/{number}", d.bounded(reads, readTimeout, numbered(func(ctx context.Context, number uint64) (any, error) {
		return map[string]bool{"dropped": true}, d.Letters.Drop(ctx, number)
	})))
	mux.HandleFunc("POST /dead/{number}/retry", d.bounded(retries, d.RetryTimeout, numbered(func(ctx context.Context, number uint64) (any, error) {
		return map[string]bool{"handled": true}, d.Letters.Retry(ctx, number)
	})))
}

// A failure is an error for the client.
type failure struct {
	status int
	text   string
}

func (f failure) Error() string { return f.text }

// bounded answers with what f returns within the timeout. It refuses requests while as
// many run as slots has room for. An answer takes its slot until it is written, so that
// memory is bounded as well.
func (d *DeadLetterAPI) bounded(slots chan struct{}, timeout time.Duration, f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
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
		answer, err := f(r.WithContext(ctx))
		if err != nil {
			d.fail(w, err)
			return
		}
		writeJSON(w, http.StatusOK, answer)
	}
}

func (d *DeadLetterAPI) fail(w http.ResponseWriter, err error) {
	f, ok := err.(failure)
	if !ok {
		f.status, f.text = d.Explain(err)
	}
	if f.status == 0 {
		d.Log.Error("dead letters cannot be had", "error", err)
		f = failure{http.StatusServiceUnavailable, "the store does not answer"}
	}
	writeError(w, f.status, f.text)
}

func writeError(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, map[string]string{"error": text})
}

// numbered passes to f the number that the path names.
func numbered(f func(context.Context, uint64) (any, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		number, err := strconv.ParseUint(r.PathValue("number"), 10, 64)
		if err != nil {
			return nil, failure{http.StatusNotFound, "there is no such dead letter"}
		}
		return f(r.Context(), number)
	}
}

// list returns up to limit dead letters with numbers above after.
func (d *DeadLetterAPI) list(r *http.Request) (any, error) {
	query := r.URL.Query() // not FormValue, which also reads a body
	after, limit := uint64(0), maxDeadLetters
	var err error
	if value := query.Get("after"); value != "" {
		after, err = strconv.ParseUint(value, 10, 64)
	}
	if value := query.Get("limit"); value != "" && err == nil {
		limit, err = strconv.Atoi(value)
	}
	if err != nil || limit < 1 || limit > maxDeadLetters {
		return nil, failure{http.StatusBadRequest, "after must be a number, and limit 1 to " + strconv.Itoa(maxDeadLetters)}
	}
	list, size := make([]json.RawMessage, 0, limit), 0 // not nil, which is null in JSON
	for len(list) < limit {
		asked := min(deadLettersAtOnce, limit-len(list))
		letters, err := d.Letters.List(r.Context(), after, asked)
		if err != nil {
			return nil, err
		}
		for _, letter := range letters {
			if size += len(letter); size > maxListBytes && len(list) > 0 {
				return list, nil
			}
			list = append(list, letter)
		}
		if len(letters) < asked {
			break
		}
		var last struct{ Number uint64 }
		if err := json.Unmarshal(letters[asked-1], &last); err != nil {
			return nil, err
		}
		after = last.Number
	}
	return list, nil
}
