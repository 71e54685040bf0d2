package browsertest

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/examples/gateway/internal/page"
)

// A gateway has the page, and stands for the paths beside it: the state of the endpoints,
// and the dead letters.
type gateway struct {
	t      *testing.T
	addr   string
	config page.Config
	wrap   []func(http.Handler) http.Handler // around what is served

	page   *page.Page
	server *http.Server

	mu        sync.Mutex
	events    map[string]int // by endpoint
	last      map[string]time.Time
	dead      []map[string]any
	retryFail string // why running a dead letter again fails; empty: it does not
}

func startGateway(t *testing.T, c page.Config, wrap ...func(http.Handler) http.Handler) *gateway {
	t.Helper()
	c.Version = "v0.9.0"
	g := &gateway{
		t: t, addr: "127.0.0.1:0", config: c, wrap: wrap,
		events: make(map[string]int), last: make(map[string]time.Time),
	}
	g.start()
	t.Cleanup(func() { g.stop() })
	return g
}

// start serves a new page. A second call uses the port of the first one.
func (g *gateway) start() {
	g.t.Helper()
	l, err := net.Listen("tcp", g.addr)
	require.NoError(g.t, err)
	g.addr = l.Addr().String()
	g.page = page.New(g.config)
	mux := http.NewServeMux()
	g.page.Register(mux)
	mux.HandleFunc("GET /healthz", g.serveHealth)
	dead := http.NewServeMux()
	dead.HandleFunc("GET /dead", g.listDead)
	dead.HandleFunc("GET /dead/{number}", g.showDead)
	dead.HandleFunc("POST /dead/{number}/retry", g.retryDead)
	dead.HandleFunc("DELETE /dead/{number}", g.dropDead)
	mux.Handle("/dead", g.page.RequireToken(dead))
	mux.Handle("/dead/", g.page.RequireToken(dead))
	// As the gateway's own server: a stream must outlive these.
	var handler http.Handler = mux
	for _, wrap := range g.wrap {
		handler = wrap(handler)
	}
	g.server = &http.Server{Handler: handler, ReadTimeout: 20 * time.Second, WriteTimeout: 30 * time.Second}
	go func() { _ = g.server.Serve(l) }()
}

// stop ends as the gateway does: the streams first, then the server.
func (g *gateway) stop() {
	g.page.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	assert.NoError(g.t, g.server.Shutdown(ctx))
}

// kill ends without a word to browsers.
func (g *gateway) kill() { _ = g.server.Close() }

func (g *gateway) url(query string) string { return "http://" + g.addr + "/" + query }

// handle does what the gateway does with an event that was handled.
func (g *gateway) handle(events ...*event.Event) {
	g.t.Helper()
	for _, e := range events {
		line, err := cloudevent.Encode(e)
		require.NoError(g.t, err)
		g.mu.Lock()
		g.events[e.Source]++
		g.last[e.Source] = e.Received
		g.mu.Unlock()
		g.page.Add(e, line)
	}
}

func (g *gateway) serveHealth(w http.ResponseWriter, _ *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	endpoints := make(map[string]any)
	names := slices.Compact(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(g.events)),
		"userlock", "unloc", "relock", "loginradius"))))
	for i, name := range names {
		state := map[string]any{"lastEvent": nil, "events": g.events[name], "refused": i, "duplicates": i % 2}
		if last, ok := g.last[name]; ok {
			state["lastEvent"] = last
		}
		endpoints[name] = state
	}
	answer := map[string]any{"status": "ok", "time": time.Now().UTC(), "uptime": 4321.5, "endpoints": endpoints}
	if g.config.DeadLetters {
		answer["store"] = map[string]any{
			"up": true, "events": 1204, "bytes": 1_400_000, "maxBytes": 1 << 30, "fullest": 0.01, "deadLetters": len(g.dead),
		}
	}
	writeJSON(w, http.StatusOK, answer)
}

// addDead adds a dead letter of an event.
func (g *gateway) addDead(e *event.Event, why string) {
	g.t.Helper()
	line, err := cloudevent.Encode(e)
	require.NoError(g.t, err)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = append(g.dead, map[string]any{
		"number": len(g.dead) + 6, "consumer": "gateway", "attempts": 12, "error": why,
		"time": time.Now().Add(-7 * time.Minute).UTC(), "stored": time.Now().Add(-time.Hour).UTC(),
		"endpoint": e.Source, "vendor": e.Vendor, "id": e.ID, "type": e.Type, "event": json.RawMessage(line),
	})
}

func (g *gateway) listDead(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	list := []map[string]any{}
	for _, letter := range g.dead {
		if letter["number"].(int) > after && len(list) < limit {
			short := make(map[string]any)
			for name, value := range letter {
				if name != "event" {
					short[name] = value
				}
			}
			list = append(list, short)
		}
	}
	writeJSON(w, http.StatusOK, list)
}

// find returns the position of the dead letter that the path names, or answers.
func (g *gateway) find(w http.ResponseWriter, r *http.Request) int {
	number, _ := strconv.Atoi(r.PathValue("number"))
	at := slices.IndexFunc(g.dead, func(letter map[string]any) bool { return letter["number"] == number })
	if at < 0 {
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "there is no such dead letter"})
	}
	return at
}

func (g *gateway) showDead(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := g.find(w, r); at >= 0 {
		writeJSON(w, http.StatusOK, g.dead[at])
	}
}

func (g *gateway) retryDead(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.find(w, r)
	switch {
	case at < 0:
	case g.retryFail != "":
		writeJSON(w, http.StatusBadGateway, map[string]string{"error": g.retryFail})
	default:
		g.dead = slices.Delete(g.dead, at, at+1)
		writeJSON(w, http.StatusOK, map[string]bool{"handled": true})
	}
}

func (g *gateway) dropDead(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := g.find(w, r); at >= 0 {
		g.dead = slices.Delete(g.dead, at, at+1)
		writeJSON(w, http.StatusOK, map[string]bool{"dropped": true})
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
