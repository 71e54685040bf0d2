// Package page serves the live page of the gateway: a browser shows the events as they
// are handled, what has happened at each endpoint, and the dead letters.
//
//	p := page.New(page.Config{Version: version, DeadLetters: true})
//	p.Register(mux)                 // guarded by the caller: who may read events?
//	p.Add(e, line)                  // for each event that was handled
//	mux.Handle("/dead/", p.RequireToken(deadLetters))
//
// The newest events are held in memory, limited in number and in bytes. Browsers get
// them as server-sent events, continue where they stopped, and are told of events that
// they missed. A browser that does not keep up costs no other one anything, and never
// delays [Page.Add].
//
// The page itself is HTML, CSS and JavaScript in the folder assets, without a build step.
// It loads nothing from elsewhere. Its Content-Security-Policy allows no inline script or
// style, and no text to become markup.
package page

import (
	"cmp"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"golang.org/x/time/rate"
)

// A Config has the settings of a [Page]. The zero Config is valid.
type Config struct {
	DeadLetters bool         // there is a store: the page shows its dead letters
	Version     string       // of the gateway, shown on the page
	Log         *slog.Logger // nil: slog.Default()

	Events  int // how many events are held for browsers, 0: 1,000
	Bytes   int // limit of the size of the events held, 0: 8 MiB
	Readers int // how many streams may be open at once, 0: 32
}

// A Page has the newest events and the browsers that read them. It is safe for concurrent
// use.
type Page struct {
	config Config
	log    *slog.Logger
	run    string // tells the IDs of this process from those of others
	token  string // of RequireToken
	assets map[string]*asset
	slots  chan struct{} // one for each open stream

	refusals *rate.Limiter // of records in the log

	mu     sync.Mutex
	ring   ring
	counts counts
	added  chan struct{} // closed by the next Add; nil if nobody waits for it

	closing sync.Once
	closed  chan struct{}
}

// New returns a Page without events.
func New(c Config) *Page {
	c.Log = cmp.Or(c.Log, slog.Default())
	events := max(cmp.Or(c.Events, 1000), 1)
	bytes := max(cmp.Or(c.Bytes, 8<<20), 1)
	return &Page{
		config: c,
		log:    c.Log,
		run:    rand.Text()[:12],
		token:  rand.Text(),
		assets: loadAssets(),
		slots:  make(chan struct{}, max(cmp.Or(c.Readers, 32), 1)),
		ring:   newRing(events, bytes),
		closed: make(chan struct{}),

		refusals: rate.NewLimiter(1, 10),
	}
}

// Add shows an event that was handled, with its CloudEvent, a line of JSON. It never waits
// for a browser. It keeps line, which must not change any more, and copies nothing.
func (p *Page) Add(e *event.Event, line []byte) {
	now := time.Now()
	p.mu.Lock()
	p.ring.push(line)
	p.counts.add(now, e)
	added := p.added
	p.added = nil
	p.mu.Unlock()
	if added != nil {
		close(added)
	}
}

// Register adds the page, its files and the stream of events to mux. The caller guards
// them: they show personal data.
func (p *Page) Register(mux *http.ServeMux) {
	mux.Handle("GET /{$}", secured(p.serveAsset("index.html")))
	mux.Handle("GET /page/{name}", secured(func(w http.ResponseWriter, r *http.Request) {
		p.serveAsset(r.PathValue("name"))(w, r)
	}))
	mux.Handle("GET /events", secured(p.serveEvents))
}

// Close sends the open streams the events that are left, and ends them within seconds.
// It does not wait for that. Call it after the last Add, and before the server is shut
// down: [http.Server.Shutdown] waits for streams.
func (p *Page) Close() {
	p.closing.Do(func() { close(p.closed) })
}

// policy lets the page load its own files, talk to its own server, and nothing else.
// The browser refuses to turn strings into markup or script.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// secured sets the headers that every answer of this package has.
func secured(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		next(w, r)
	})
}
