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

// How many dead letters a request for a list gets at most, and by default. Each
// may be large in memory.
const maxLetters = 100

const (
	noStore  = "there is no store: the gateway was started without -data and -nats"
	noLetter = "there is no such dead letter"
)

// A deadSide serves the dead letters. Its answers are JSON, its texts fixed: what
// went wrong in detail is in the log.
type deadSide struct {
	store *store // nil if there is none
	log   *slog.Logger
}

// register registers the paths with mux, which guards them.
func (d *deadSide) register(mux *http.ServeMux) {
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
		return d.store.letter(r.Context(), number)
	}))
	mux.HandleFunc("POST /dead/{number}/retry", d.numbered(func(r *http.Request, number uint64) (any, error) {
		return map[string]bool{"handled": true}, d.store.retry(r.Context(), number)
	}))
	mux.HandleFunc("DELETE /dead/{number}", d.numbered(func(r *http.Request, number uint64) (any, error) {
		return map[string]bool{"dropped": true}, d.store.drop(r.Context(), number)
	}))
}

// list answers with the dead letters whose number is above after, limit at most.
func (d *deadSide) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query() // and not FormValue, which reads a body too
	after, limit := uint64(0), maxLetters
	var err error
	if text := query.Get("after"); text != "" {
		after, err = strconv.ParseUint(text, 10, 64)
	}
	if text := query.Get("limit"); text != "" && err == nil {
		limit, err = strconv.Atoi(text)
	}
	if err != nil || limit < 1 || limit > maxLetters {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "after must be a number, and limit 1 to " + strconv.Itoa(maxLetters)})
		return
	}
	list, err := d.store.letters(r.Context(), after, limit)
	if err != nil {
		d.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, list)
}

// numbered answers with what f returns for the dead letter of the path.
func (d *deadSide) numbered(f func(*http.Request, uint64) (any, error)) http.HandlerFunc {
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

func (d *deadSide) fail(w http.ResponseWriter, err error) {
	status, text := http.StatusServiceUnavailable, "the store does not answer"
	switch {
	case errors.Is(err, durable.ErrNotFound):
		status, text = http.StatusNotFound, noLetter
	case errors.Is(err, errUnreadable):
		status, text = http.StatusUnprocessableEntity, err.Error()
	case errors.Is(err, errAgain):
		status, text = http.StatusBadGateway, err.Error()
	case errors.Is(err, errNotDeleted):
		status, text = http.StatusInternalServerError, err.Error()
	default:
		d.log.Error("dead letters cannot be had", "error", err)
	}
	writeJSON(w, status, map[string]string{"error": text})
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
