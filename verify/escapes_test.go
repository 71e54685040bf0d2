package verify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// unknownBody has a name that nobody knows.
var unknownBody = fmt.Appendf(nil, `{%s:1}`, escapetest.Quote(escapetest.Text))

// invisibleBody has invisible characters in every string, in names, and in the path of
// a warning.
var invisibleBody = fmt.Appendf(nil, `{"id":%[1]s,"kind":%[1]s,"holder":%[1]s,"door":%[1]s,%[1]s:1,%[1]s:{%[1]s:[%[1]s]}}`,
	escapetest.Quote(escapetest.Text))

func TestMarshalEscapes(t *testing.T) {
	e, err := decodeBadge(invisibleBody)
	require.NoError(t, err)
	require.Equal(t, "/"+escapetest.Text, e.Warnings[0].Path)
	badge := e.Payload.(*Badge)
	text, err := verify.Marshal(badge)
	require.NoError(t, err)
	escapetest.AssertEscaped(t, text)
	var got Badge
	_, err = verify.Unmarshal(text, &got)
	require.NoError(t, err)
	assert.Equal(t, *badge, got)

	line, err := cloudevent.Encode(e)
	require.NoError(t, err)
	escapetest.AssertEscaped(t, line)
	back, err := cloudevent.Decode(line, cloudevent.Payloads{"acme": decodeBadge})
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(e, back, cmp.Comparer(func(a, b event.Client) bool { return a == b })))
}

// A labeller calls what it accepts and refuses by names that it does not look at.
type labeller struct{ err error }

func (l labeller) Verify(*http.Request, []byte) (string, error) { return escapetest.Text, l.err }

// Whatever comes from outside: no record has an invisible character as it is.
func TestLogRecordsAreEscaped(t *testing.T) {
	errNasty := errors.New(escapetest.Text)
	handled := func(err error) event.Handler {
		return event.HandlerFunc(func(context.Context, *event.Event) error { return err })
	}
	own := func(v verify.Verifier) func(verify.Config) (*verify.Endpoint, error) {
		return func(c verify.Config) (*verify.Endpoint, error) {
			return verify.NewEndpoint(verify.Definition{
				Vendor: "acme", Verifier: v, Config: c,
				Decode: func(_ http.Header, body []byte) (*event.Event, error) {
					e, err := decodeBadge(body)
					e.Type = event.Type(escapetest.Text)
					return e, err
				},
			})
		}
	}
	idInBody := func(c verify.Config) (*verify.Endpoint, error) {
		return userlock.New(userlock.Config{IDs: event.Secrets("7c9e6679-7425-40de-944b-e07fc1f90ae7"), Endpoint: c})
	}
	accepts := own(labeller{})
	for name, tt := range map[string]struct {
		hook    func(verify.Config) (*verify.Endpoint, error)
		body    []byte
		handler event.Handler
		change  func(*http.Request)
		shows   string
	}{
		"accepted":       {accepts, invisibleBody, handled(nil), nil, "u009b2J"},
		"callback fails": {accepts, invisibleBody, handled(errNasty), nil, "u009b2J"},
		"callback panics": {accepts, invisibleBody, event.HandlerFunc(func(context.Context, *event.Event) error { panic(errNasty) }), nil,
			"u009b2J"},
		"refused":          {own(labeller{fmt.Errorf("%w: %w", verify.ErrBadCredential, errNasty)}), invisibleBody, handled(nil), nil, "u009b2J"},
		"names of members": {idInBody, unknownBody, handled(nil), nil, "members: \ufffd2J"},
		"content encoding": {accepts, invisibleBody, handled(nil), func(r *http.Request) {
			r.Header.Set("Content-Encoding", escapetest.Text)
		}, "u009b2J"},
	} {
		for kind, handler := range escapetest.Handlers {
			t.Run(name+" "+kind, func(t *testing.T) {
				var log bytes.Buffer
				hook, err := tt.hook(verify.Config{
					Logger:  slog.New(handler(&log)),
					Observe: func(context.Context, verify.Observation) { panic(errNasty) },
				})
				require.NoError(t, err)
				r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(tt.body))
				if tt.change != nil {
					tt.change(r)
				}
				hook.Handler(tt.handler).ServeHTTP(httptest.NewRecorder(), r)
				if kind == "raw" {
					assert.Contains(t, log.String(), tt.shows)
				}
				assert.Equal(t, 2, strings.Count(log.String(), "\n"), "one of the request, one of Observe: %s", log.String())
				for line := range strings.Lines(log.String()) {
					escapetest.AssertEscaped(t, line)
				}
			})
		}
	}
}
