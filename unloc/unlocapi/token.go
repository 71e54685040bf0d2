package unlocapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
)

const (
	// unknownLife is how long a token is used if the answer does not say.
	unknownLife = 5 * time.Minute
	// longestLife bounds what an answer says. A token that is refused earlier is renewed.
	longestLife = 24 * time.Hour
	// maxToken is how many bytes a token has at most.
	maxToken = 16 << 10
)

// A token is an access token. The pointer tells one from another: a server may give the
// same text again.
type token struct {
	value   event.Secret
	expires time.Time // with a monotonic clock
}

func (t *token) reveal() string {
	text, _ := t.value.Reveal()
	return text
}

// tokens keeps the access token. Concurrent callers share one request for a new one.
type tokens struct {
	fetch func(context.Context) (*token, error)

	mu      sync.Mutex
	current *token    // nil: none
	pending *fetching // nil: nobody waits
}

// A fetching is a request for a token, and those who wait for it.
type fetching struct {
	cancel  context.CancelFunc
	waiting int
	done    chan struct{} // closed when the fields below are set
	token   *token
	err     error
	panic   *event.PanicError // of the HTTPClient; nil: none
}

var errNoReturn = errors.New("unlocapi: access token: the HTTPClient ended its goroutine")

// get returns a token that has not expired. The request for one belongs to no caller: it
// goes on while anyone waits.
func (t *tokens) get(ctx context.Context) (*token, error) {
	t.mu.Lock()
	if t.current != nil && time.Now().Before(t.current.expires) {
		defer t.mu.Unlock()
		return t.current, nil
	}
	f := t.pending
	if f == nil {
		f = t.begin()
	}
	f.waiting++
	t.mu.Unlock()
	select {
	case <-f.done:
		if f.panic != nil {
			panic(f.panic) // as it would be for any other request
		}
		return f.token, f.err
	case <-ctx.Done():
		t.leave(f)
		return nil, fmt.Errorf("unlocapi: access token: %w", ctx.Err())
	}
}

// begin is called with mu held.
func (t *tokens) begin() *fetching {
	ctx, cancel := context.WithCancel(context.Background())
	f := &fetching{cancel: cancel, done: make(chan struct{}), err: errNoReturn}
	t.pending = f
	go func() {
		defer cancel()
		defer close(f.done)
		defer t.finish(f)
		defer func() {
			if v := recover(); v != nil {
				f.panic = &event.PanicError{Value: v, Stack: debug.Stack()}
			}
		}()
		f.token, f.err = t.fetch(ctx)
	}()
	return f
}

func (t *tokens) finish(f *fetching) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending == f {
		t.current, t.pending = f.token, nil
	}
}

// leave ends a request that nobody waits for any more.
func (t *tokens) leave(f *fetching) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.waiting--; f.waiting > 0 {
		return
	}
	f.cancel()
	if t.pending == f {
		t.pending = nil
	}
}

// refuse forgets a token that the API has refused, unless there is a newer one.
func (t *tokens) refuse(old *token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current == old {
		t.current = nil
	}
}

// fetchToken asks for a token with the documented body.
//
// See https://developer.unloc.app/reference/authentication-doc.
func fetchToken(ctx context.Context, sender *apiclient.Client, c Config) (*token, error) {
	secret, _ := c.ClientSecret.Reveal()
	body, err := json.Marshal(map[string]string{
		"grant_type": "client_credentials", "client_id": c.ClientID, "client_secret": secret,
		"scope": "project.admin", "project_id": c.ProjectID,
	})
	if err != nil {
		return nil, err
	}
	asked := time.Now()
	a, err := sender.Do(ctx, apiclient.Request{
		Method: http.MethodPost, Path: "/v2/auth/token/", Body: body, Repeatable: true,
		Secrets: []event.Secret{c.ClientSecret},
	})
	if err != nil {
		return nil, err
	}
	if !a.IsSuccess() {
		return nil, newError("access token", a)
	}
	var answer struct {
		AccessToken string          `json:"access_token"`
		TokenType   string          `json:"token_type"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	switch err := json.Unmarshal(a.Body, &answer); {
	case err != nil: // its text may have a part of the token
		return nil, errors.New("unlocapi: access token: the answer is not the documented JSON")
	case !sendable(answer.AccessToken):
		return nil, errors.New("unlocapi: access token: the answer has none that a header can hold")
	case answer.TokenType != "" && !strings.EqualFold(answer.TokenType, "bearer"):
		return nil, errors.New("unlocapi: access token: the answer has one that is no bearer token")
	}
	return &token{event.NewSecret(answer.AccessToken), asked.Add(lifetime(answer.ExpiresIn))}, nil
}

// sendable reports whether a token consists of visible ASCII characters.
func sendable(token string) bool {
	return token != "" && len(token) <= maxToken && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// lifetime returns how long to use a token that expires in so many seconds, as JSON. It is
// a tenth less, or a minute, so that a token does not expire on its way.
func lifetime(seconds []byte) time.Duration {
	s, err := strconv.ParseFloat(strings.Trim(string(seconds), `"`), 64)
	if err != nil || !(s > 0) {
		return unknownLife
	}
	life := longestLife
	if s < longestLife.Seconds() {
		life = time.Duration(s * float64(time.Second))
	}
	return life - min(life/10, time.Minute)
}
