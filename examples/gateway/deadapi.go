package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/accesshook/accesshook/event/durable"
)

// maxDeadLetters is how many dead letters one request can list, and how many it lists
// by default. Each may take much memory.
const maxDeadLetters = 100

const (
	noStore      = "there is no store: the gateway was started without -data and -nats"
	noDeadLetter = "there is no such dead letter"
)

// A deadAPI serves the dead letters. Answers are JSON with fixed error strings; the
// log has the details.
type deadAPI struct {
	store *store // nil without -data and -nats
	log   *slog.Logger
}

// register adds the paths to mux. The caller guards them.
func (d *deadAPI) register(mux *http.ServeMux) {
	if d.store == nil {
		none := func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusNotFound, map[string]string{"error": noStore})
		}
		mux.HandleFunc("/dead", none)
		mux.HandleFunc("/dead/", none)
		return
	}
	mux.HandleFunc("GET /dead", d.list)
	mux.HandleFunc("GET /dead/{number}", d.numbered(func(r *http.Request, number uint64) (any, error) {
		return d.store.showDead(r.Context(), number)
	}))
	mux.HandleFunc("POST /dead/{number}/retry", d.numbered(func(r *http.Request, number uint64) (any, error) {
		return map[string]bool{"handled": true}, d.store.retry(r.Context(), number)
	}))
	mux.HandleFunc("DELETE /dead/{number}", d.numbered(func(r *http.Request, number uint64) (any, error) {
		return map[string]bool{"dropped": true}, d.store.drop(r.Context(), number)
	}))
}

// list answers with up to limit dead letters with numbers above after.
func (d *deadAPI) list(w http.ResponseWriter, r *http.Request) {
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
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "after must be a number, and limit 1 to " + strconv.Itoa(maxDeadLetters)})
		return
	}
	list, err := d.store.listDead(r.Context(), after, limit)
	if err != nil {
		d.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, list)
}

// numbered answers with what f returns for the dead letter that the path names.
func (d *deadAPI) numbered(f func(*http.Request, uint64) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.ParseUint(r.PathValue("number"), 10, 64)
		if err != nil {
			d.fail(w, durable.ErrNotFound)
			return
		}
		// Callbacks may take longer than other answers of the admin side.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d.store.timeout + storingTimeout))
		answer, err := f(r, number)
		if err != nil {
			d.fail(w, err)
			return
		}
		writeJSON(w, http.StatusOK, answer)
	}
}

func (d *deadAPI) fail(w http.ResponseWriter, err error) {
	status, message := http.StatusServiceUnavailable, "the store does not answer"
	switch {
	case errors.Is(err, durable.ErrNotFound):
		status, message = http.StatusNotFound, noDeadLetter
	case errors.Is(err, errUnreadable):
		status, message = http.StatusUnprocessableEntity, err.Error()
	case errors.Is(err, errCallbacksFailed):
		status, message = http.StatusBadGateway, err.Error()
	case errors.Is(err, errNotDeleted):
		status, message = http.StatusInternalServerError, err.Error()
	default:
		d.log.Error("dead letters cannot be had", "error", err)
	}
	writeJSON(w, status, map[string]string{"error": message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"internal server error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
