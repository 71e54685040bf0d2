// Package record keeps requests that the gateway refused, and requests whose events had
// warnings, as files to look at: what a vendor really sends, and what has changed in it.
//
// A [Recorder] never delays an answer and never fails a request: what it has no room or
// time for it drops, and counts. What may be a secret is masked before it is written, see
// package mask.
package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/time/rate"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"

	"github.com/accesshook/accesshook/examples/gateway/internal/mask"
)

// Bounds of what waits in memory.
const (
	maxBody    = 64 << 10 // a longer body is left out
	maxMemory  = 16 << 20 // of the bodies, and of the heads of those that wait, together
	maxWaiting = 256      // requests that are not written yet
)

// Config is the configuration of a [Recorder]. All fields are required.
type Config struct {
	Dir      string
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// A Recorder writes recordings. It is safe for concurrent use.
type Recorder struct {
	config  Config
	masker  mask.Masker
	waiting chan *job
	memory  atomic.Int64 // bytes of bodies and heads
	counts  *prometheus.CounterVec
	samples map[sampleKey]*rate.Limiter

	stop    chan struct{}
	stopped chan struct{}

	// Of the goroutine that writes.
	dir     *directory      // nil: it could not be opened
	names   map[string]bool // of UserLock, that were recorded
	failing bool
	log     *rate.Limiter // of failures

	mu          sync.Mutex
	credentials map[string]envsecret.Values
}

// A kind is why a request is recorded.
type kind string

const (
	refused kind = "refused" // it has given no event
	warned  kind = "warned"  // its event has warnings, or a name that is not known
	named   kind = "named"   // its event may have names that no field is for
)

type sampleKey struct {
	vendor string
	kind   kind
}

// Results of a request that should be recorded.
const (
	written = "written"
	sampled = "sampled" // left out: there were too many
	dropped = "dropped" // left out: no memory, or the disk is slow
	failed  = "failed"  // it could not be written
)

// New returns a recorder without endpoints. It opens nothing until Start.
func New(c Config) *Recorder {
	return &Recorder{
		config:  c,
		waiting: make(chan *job, maxWaiting),
		counts: promauto.With(c.Registry).NewCounterVec(prometheus.CounterOpts{
			Namespace: "accesshook", Name: "recordings_total", Help: "Requests that were to be recorded, by what became of that.",
		}, []string{"endpoint", "result"}),
		samples:     make(map[sampleKey]*rate.Limiter),
		log:         rate.NewLimiter(rate.Every(time.Minute), 2),
		stop:        make(chan struct{}),
		stopped:     make(chan struct{}),
		names:       make(map[string]bool),
		credentials: make(map[string]envsecret.Values),
	}
}

// Add adds the endpoint of a vendor. Call it before there are requests.
func (r *Recorder) Add(vendor string) {
	for _, result := range []string{written, sampled, dropped, failed} {
		r.counts.WithLabelValues(vendor, result)
	}
	r.samples[sampleKey{vendor, refused}] = rate.NewLimiter(1, 20)
	r.samples[sampleKey{vendor, warned}] = rate.NewLimiter(1, 20)
	r.samples[sampleKey{vendor, named}] = rate.NewLimiter(rate.Every(10*time.Second), 5)
}

// SetCredentials replaces the credentials of an owner, a vendor or another: no recording
// has them. Call it before they are taken into use.
func (r *Recorder) SetCredentials(owner string, v envsecret.Values) {
	r.masker.SetCredentials(owner, v)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.credentials[owner] = v
}

// current returns the credentials by owner.
func (r *Recorder) current() map[string]envsecret.Values {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.credentials)
}

// Start opens the directory, and begins to write. Call Close if it succeeds.
func (r *Recorder) Start() error {
	var err error
	if r.dir, err = openDirectory(r.config.Dir); err != nil {
		return err
	}
	go r.run()
	return nil
}

// Close writes what waits, until ctx is done. Call it when no request is in progress.
func (r *Recorder) Close(ctx context.Context) {
	close(r.stop)
	select {
	case <-r.stopped:
	case <-ctx.Done():
	}
}

type exchangeKey struct{}

// Handler keeps what next reads of a request until Observe has been told of it. next
// gets the same ResponseWriter, and reads the body itself.
func (r *Recorder) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		x := &exchange{recorder: r, request: request}
		defer x.end()
		q := request.WithContext(context.WithValue(request.Context(), exchangeKey{}, x))
		if x.whole = q.Body == nil || q.Body == http.NoBody; !x.whole {
			q.Body = &tee{q.Body, x}
		}
		next.ServeHTTP(w, q)
	})
}

// Observe is a [verify.Config.Observe] of the endpoints that Handler wraps.
func (r *Recorder) Observe(ctx context.Context, o verify.Observation) {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	k := kindOf(o)
	if !ok || k == "" {
		return
	}
	count := func(result string) {
		if k != named { // most of them are not recorded in the end
			r.count(o.Vendor, result)
		}
	}
	limiter := r.samples[sampleKey{o.Vendor, k}]
	switch {
	case limiter == nil || !limiter.Allow():
		count(sampled)
	case x.crowded || !x.keepHead():
		count(dropped)
	default:
		select {
		case r.waiting <- x.job(k, o):
			x.reserved = 0 // it is the job's now
		default:
			count(dropped)
		}
	}
}

// kindOf returns why a request is to be recorded, or "" if it is not.
func kindOf(o verify.Observation) kind {
	switch {
	case o.Event == nil && o.Status >= http.StatusBadRequest:
		return refused
	case o.Event == nil:
		return ""
	case len(o.Warnings) > 0 || o.Type == event.Unknown:
		return warned
	case o.Vendor == userlock.Vendor && o.Status == http.StatusOK && !o.Duplicate:
		return named // its names are not public, and one without a field is no warning
	}
	return ""
}

func (r *Recorder) count(vendor, result string) { r.counts.WithLabelValues(vendor, result).Inc() }

// run writes until Close is called.
func (r *Recorder) run() {
	defer close(r.stopped)
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	r.tidy()
	for {
		select {
		case j := <-r.waiting:
			r.write(j)
		case <-tick.C:
			r.tidy()
		case <-r.stop:
			for {
				select {
				case j := <-r.waiting:
					r.write(j)
				default:
					return
				}
			}
		}
	}
}

// tidy removes recordings that are too old.
func (r *Recorder) tidy() {
	r.report(r.inDirectory(func(d *directory) error { return d.makeRoom("", refused, 0) }))
}

// inDirectory calls f with the directory, which is opened again after a failure.
func (r *Recorder) inDirectory(f func(*directory) error) (err error) {
	if r.dir == nil {
		if r.dir, err = openDirectory(r.config.Dir); err != nil {
			return err
		}
	}
	if err = f(r.dir); err != nil {
		_ = r.dir.close()
		r.dir = nil
	}
	return err
}

// write writes one recording. Whatever goes wrong ends here.
func (r *Recorder) write(j *job) {
	defer r.release(j.reserved)
	did, err := r.tryWrite(j)
	switch {
	case err != nil:
		r.count(j.vendor, failed)
		r.report(err)
	case did:
		r.count(j.vendor, written)
		r.report(nil)
	}
}

func (r *Recorder) tryWrite(j *job) (did bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			did, err = false, errors.New("it panicked") // v may be of the request
		}
	}()
	var names string
	if j.kind == named {
		if names = extraNames(j); names == "" || r.names[names] || len(r.names) == maxNames {
			return false, nil
		}
	}
	content, err := j.content(&r.masker, r.current())
	if err != nil {
		return false, err
	}
	err = r.inDirectory(func(d *directory) error {
		if err := d.makeRoom(j.vendor, j.kind, len(content)); err != nil {
			return err
		}
		return d.create(j.at, j.vendor, j.status, j.kind, content)
	})
	if err == nil && names != "" {
		r.names[names] = true
	}
	return err == nil, err
}

// report logs when recordings cannot be kept, and when they can be kept again.
func (r *Recorder) report(err error) {
	switch failing := err != nil; {
	case failing == r.failing || !r.log.Allow():
		return
	case failing:
		r.config.Log.Error("recordings cannot be written", "error", fmt.Errorf("-record: %w", err))
	default:
		r.config.Log.Info("recordings are written again")
	}
	r.failing = err != nil
}
