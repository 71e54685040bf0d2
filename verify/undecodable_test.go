package verify_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// What was verified is never gone: a body that cannot be decoded is refused, and
// reaches the handler.

type decoder = func(http.Header, []byte) (*event.Event, error)

func undecodable(t *testing.T, c verify.Config, decode decoder) *verify.Endpoint {
	hook, err := verify.NewEndpoint(verify.Definition{Vendor: "test", Verifier: testVerifier(t, testSecret), Decode: decode, Config: c})
	require.NoError(t, err)
	return hook
}

// unknown is the event of an undecodable body, but for its times.
func unknown(body, got string) *event.Event {
	sum := sha256.Sum256([]byte(body))
	return &event.Event{
		ID: hex.EncodeToString(sum[:]), Vendor: "test", Source: "north", Credential: "secret 1",
		Type: event.Unknown, Severity: event.SeverityInfo, Raw: []byte(body),
		Warnings: []event.Warning{{Path: "", Want: "object", Got: got}},
	}
}

var withoutTimes = cmp.Options{cmpopts.IgnoreFields(event.Event{}, "Time", "Received"), cmp.Comparer(func(a, b event.Client) bool { return a == b }), cmpopts.EquateEmpty()}

func TestUndecodableBodiesReachTheHandler(t *testing.T) {
	refuses := func(_ http.Header, body []byte) (*event.Event, error) {
		if _, err := verify.Unmarshal(body, new(struct{})); err != nil {
			return nil, err
		}
		return nil, errors.New("not valid")
	}
	for name, c := range map[string]struct {
		body   string
		decode decoder
		got    string
	}{
		"an array":            {`[{"event":"security.alert"}]`, refuses, "array"},
		"form data":           {"event=security.alert&name=n", refuses, "not JSON"},
		"NaN":                 {"NaN", refuses, "not JSON"},
		"nonsense":            {"nonsense", refuses, "not JSON"},
		"nothing":             {"", refuses, "not JSON"},
		"XML":                 {"<alert/>", refuses, "not JSON"},
		"half an object":      {`{"event":`, refuses, "not JSON"},
		"two objects":         {"{} {}", refuses, "not JSON"},
		"null":                {" null ", refuses, "null"},
		"a string":            {`"text"`, refuses, "string"},
		"a boolean":           {"false", refuses, "boolean"},
		"a number":            {"-1e3", refuses, "number"},
		"a mark and an array": {"\ufeff\n[1]", refuses, "array"},
		"nested too deep":     {strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), refuses, "object"},
		"refused":             {"{}", refuses, "object"},
		"no event":            {"{}", func(http.Header, []byte) (*event.Event, error) { return nil, nil }, "object"},
		"both":                {"{}", func(http.Header, []byte) (*event.Event, error) { return &event.Event{ID: "1"}, errors.New("not valid") }, "object"},
		"a panic":             {"{}", func(http.Header, []byte) (*event.Event, error) { panic("index out of range") }, "object"},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJournal()
			config := j.config()
			config.Name = "north"
			config.MaxAge = time.Hour // the event has no time of its own, and so no age
			hook := undecodable(t, config, c.decode)
			want := unknown(c.body, c.got)
			check := func(way string, e *event.Event) {
				t.Helper()
				if assert.NotNil(t, e, way) {
					assert.Empty(t, cmp.Diff(want, e, withoutTimes), way)
					assert.Equal(t, e.Received, e.Time, way)
					assert.WithinDuration(t, time.Now(), e.Received, time.Minute, way)
				}
			}
			recorded := func(way string) {
				t.Helper()
				o, record := j.next(t)
				assert.Equal(t, 400, o.Status, way)
				assert.ErrorIs(t, o.Err, verify.ErrMalformed, way)
				assert.Equal(t, []any{want.ID, event.Unknown, "", "secret 1"}, []any{o.ID, o.Type, o.VendorType, o.Credential}, way)
				assert.Equal(t, len(c.body), o.Bytes, way)
				assert.EqualValues(t, 400, record["status"], way)
				assert.Equal(t, want.ID, record["id"], way)
				assert.Equal(t, "unknown", record["type"], way)
				assert.Contains(t, record["error"], "malformed body", way)
				level := "WARN"
				if name == "a panic" {
					level = "ERROR"
					assert.Contains(t, record["stack"], "undecodable_test.go", way)
				}
				assert.Equal(t, level, record["level"], way)
			}

			var handled *event.Event
			keep := event.HandlerFunc(func(_ context.Context, e *event.Event) error { handled = e; return nil })
			ways := map[string]http.Handler{
				"Handler": hook.Handler(keep),
				"Middleware": hook.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					handled, _ = event.FromContext(r.Context())
					body, err := io.ReadAll(r.Body)
					assert.NoError(t, err)
					assert.Equal(t, c.body, string(body))
				})),
			}
			for way, h := range ways {
				handled = nil
				w := httptest.NewRecorder()
				h.ServeHTTP(w, signed(t, "http://localhost/", c.body))
				assert.Equal(t, 400, w.Code, way)
				assert.Equal(t, `{"error":"bad request"}`, w.Body.String(), way)
				assert.Equal(t, http.Header{"Content-Type": {"application/json"}}, w.Header(), way)
				check(way, handled)
				recorded(way)
			}

			handled = nil
			status, _, answer := hook.Process(t.Context(), signed(t, "http://localhost/", c.body), []byte(c.body), keep)
			assert.Equal(t, 400, status)
			assert.Equal(t, `{"error":"bad request"}`, string(answer))
			check("Process", handled)
			recorded("Process")

			e, err := hook.Check(signed(t, "http://localhost/", c.body), []byte(c.body))
			assert.ErrorIs(t, err, verify.ErrMalformed)
			assert.Equal(t, 400, verify.Status(err))
			check("Check", e)

			r := signed(t, "http://localhost/", c.body)
			e, err = hook.Receive(httptest.NewRecorder(), r)
			assert.ErrorIs(t, err, verify.ErrMalformed)
			check("Receive", e)
			again, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			assert.Equal(t, c.body, string(again))

			e, err = hook.Decode([]byte(c.body))
			assert.ErrorIs(t, err, verify.ErrMalformed)
			assert.Nil(t, e)

			forged := signed(t, "http://localhost/", c.body+" ")
			e, err = hook.Check(forged, []byte(c.body))
			assert.ErrorIs(t, err, verify.ErrBadCredential)
			assert.Nil(t, e, "what was not verified is nothing")
		})
	}
}

// A handler that could not keep the event is answered as for any event, so that the
// sender tries again.
func TestUndecodableBodiesAndHandlersThatFail(t *testing.T) {
	failed := errors.New("disk full")
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"success":     {nil, 400},
		"permanent":   {event.Permanent(failed), 400},
		"failure":     {failed, 500},
		"unavailable": {event.Unavailable(failed, 7*time.Second), 503},
	} {
		j := newJournal()
		hook := undecodable(t, j.config(), func(http.Header, []byte) (*event.Event, error) { return nil, errors.New("no") })
		h := eventFunc(func() error { return c.err })
		w := httptest.NewRecorder()
		hook.Handler(h).ServeHTTP(w, signed(t, "http://localhost/", "[]"))
		status, header, _ := hook.Process(t.Context(), signed(t, "http://localhost/", "[]"), []byte("[]"), h)
		for way, got := range map[string]int{"Handler": w.Code, "Process": status} {
			assert.Equal(t, c.status, got, "%s, %s", name, way)
			o, record := j.next(t)
			assert.Equal(t, c.status, o.Status, "%s, %s", name, way)
			assert.ErrorIs(t, o.Err, verify.ErrMalformed, "%s, %s", name, way)
			if c.err != nil {
				assert.ErrorIs(t, o.Err, failed, "%s, %s", name, way)
				assert.Contains(t, record["error"], "disk full", "%s, %s", name, way)
			}
		}
		after := ""
		if c.status == 503 {
			after = "7"
		}
		assert.Equal(t, after, w.Header().Get("Retry-After"), name)
		assert.Equal(t, after, header.Get("Retry-After"), name)
	}
}

// Middleware answers 400 in place of next's success, and with nothing of its answer.
func TestUndecodableBodiesInMiddleware(t *testing.T) {
	const bad = `{"error":"bad request"}`
	own := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "5")
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusEarlyHints)
			if status != 0 {
				w.WriteHeader(status)
			}
			n, err := w.Write([]byte("own\r\n"))
			assert.Equal(t, 5, n)
			assert.NoError(t, err)
			assert.NoError(t, http.NewResponseController(w).Flush())
		}
	}
	for name, c := range map[string]struct {
		next   http.HandlerFunc
		status int
		body   string
		calls  int // of two requests
	}{
		"silent":       {func(http.ResponseWriter, *http.Request) {}, 400, bad, 1},
		"implicit 200": {own(0), 400, bad, 1},
		"202":          {own(202), 400, bad, 1},
		"307":          {own(307), 500, `{"error":"internal server error"}`, 2},
		"422":          {own(422), 422, "own\r\n", 2},
		"503":          {own(503), 503, "own\r\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJournal()
			calls := 0
			server := httptest.NewServer(deduped(t, j).Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { calls++; c.next(w, r) })))
			defer server.Close()
			for range 2 {
				res, err := server.Client().Do(signed(t, server.URL, "[]"))
				require.NoError(t, err)
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				res.Body.Close()
				assert.Equal(t, c.status, res.StatusCode)
				assert.Equal(t, c.body, string(body))
				assert.Equal(t, c.body != "own\r\n", res.Header.Get("Content-Type") == "application/json")
				assert.Equal(t, c.body != "own\r\n", res.Header.Get("Location") == "")
				o, _ := j.next(t)
				assert.Equal(t, c.status, o.Status)
				assert.ErrorIs(t, o.Err, verify.ErrMalformed)
			}
			assert.Equal(t, c.calls, calls, "what next accepted is done")
		})
	}
	j := newJournal()
	h := deduped(t, j).Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); panic("own") }))
	assert.PanicsWithValue(t, "own", func() { h.ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "[]")) })
	o, _ := j.next(t)
	assert.Equal(t, 0, o.Status, "nothing was answered")
}

// A credential in the body is not in the event of a body that cannot be decoded, but
// in Raw, as it is in that of any other.
func TestUndecodableBodyWithACredential(t *testing.T) {
	decode := func(_ http.Header, body []byte) (*event.Event, error) {
		return nil, fmt.Errorf("no: %d bytes", len(body))
	}
	hook := undecodable(t, newJournal().config(), decode)
	hook.SetVerifier(newBodyID(t, "11112222", "33334444"))
	var ids []string
	for _, id := range []string{"11112222", "1111-2222"} {
		body := `{"id":"` + id + `"}`
		e, err := hook.Check(post(), []byte(body))
		assert.ErrorIs(t, err, verify.ErrMalformed)
		require.NotNil(t, e)
		assert.Equal(t, body, string(e.Raw))
		ids = append(ids, e.ID)
	}
	assert.Equal(t, ids[0], ids[1], "the credential is not in the hash")
}

// The warnings that Observe is told of are those of the endpoint, whatever the handler
// does with its event.
func TestObservedWarningsAreCopied(t *testing.T) {
	warning := event.Warning{Path: "/name", Want: "string", Got: "number"}
	var observed []event.Warning
	hook := undecodable(t, verify.Config{Observe: func(_ context.Context, o verify.Observation) { observed = o.Warnings }},
		func(http.Header, []byte) (*event.Event, error) {
			return &event.Event{ID: "1", Warnings: []event.Warning{warning}}, nil
		})
	handler := hook.Handler(event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		e.Warnings[0].Path = "/changed"
		return nil
	}))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, signed(t, "http://localhost/", "{}"))
	assert.Equal(t, 200, w.Code)
	if diff := cmp.Diff([]event.Warning{warning}, observed); diff != "" {
		t.Errorf("warnings (-want +observed):\n%s", diff)
	}
}
