// Package unloctest is a simulated Unloc: the part of its API that package unlocapi uses,
// and its webhooks.
package unloctest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
)

// What the API client is configured with.
const (
	ProjectID    = "p-1029"
	ClientID     = "c-7"
	ClientSecret = "client-secret+of/these=tests"
)

// A Server is a simulated Unloc. Set its exported fields before it gets requests.
type Server struct {
	URL string
	// PageSize is how many events a page has that no limit was asked for.
	PageSize int
	// NewestFirst reverses the order of the log.
	NewestFirst bool
	// ExpiresIn is in the answer with a token, as JSON.
	ExpiresIn string
	// Intercept answers a request in the place of the server if it returns true.
	Intercept func(http.ResponseWriter, *http.Request) bool

	receivers *http.Client

	mu       sync.Mutex
	tokens   map[string]bool // by token: whether it is valid
	log      []unloc.AccessEvent
	hooks    []hook
	requests []Request
}

// A Request is a request that the server got.
type Request struct {
	Method, Path string
	Query        url.Values
	Header       http.Header
	Body         string
}

type hook struct{ URL, LockID string }

// New returns a running server. It sends webhooks with receivers.
func New(t testing.TB, receivers *http.Client) *Server {
	s := &Server{PageSize: unlocapi.MaxPageSize, ExpiresIn: "3600", receivers: receivers, tokens: make(map[string]bool)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/auth/token/{$}", s.token)
	mux.HandleFunc("GET /v2/projects/"+ProjectID+"/logs/access", s.authorized(s.accessLog))
	mux.HandleFunc("POST /v2/projects/"+ProjectID+"/webhooks", s.authorized(s.register))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		s.mu.Lock()
		s.requests = append(s.requests, Request{r.Method, r.URL.Path, r.URL.Query(), r.Header, string(body)})
		s.mu.Unlock()
		if s.Intercept == nil || !s.Intercept(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Config returns the configuration of a client of the server, which tries each request
// once.
func (s *Server) Config() unlocapi.Config {
	return unlocapi.Config{
		ProjectID: ProjectID, ClientID: ClientID, ClientSecret: event.NewSecret(ClientSecret), BaseURL: s.URL, MaxAttempts: 1,
	}
}

// Happen puts an event into the log.
func (s *Server) Happen(e unloc.AccessEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, e)
}

// Send sends an event to the webhooks of its lock, once each. It returns an error if one
// could not be reached or did not answer 200.
func (s *Server) Send(ctx context.Context, e unloc.AccessEvent) error {
	s.mu.Lock()
	hooks := slices.Clone(s.hooks)
	s.mu.Unlock()
	for _, h := range hooks {
		if h.LockID != e.LockID {
			continue
		}
		u, err := url.Parse(h.URL)
		if err != nil {
			return err
		}
		user, password := u.User.Username(), ""
		password, _ = u.User.Password()
		u.User = nil
		r, err := unloc.NewRequest(ctx, u.String(), user, password, e)
		if err != nil {
			return err
		}
		response, err := s.receivers.Do(r)
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("unloctest: the webhook was answered %d", response.StatusCode)
		}
	}
	return nil
}

// Revoke makes all tokens invalid.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.tokens {
		s.tokens[t] = false
	}
}

// Requests returns the requests whose path ends in suffix.
func (s *Server) Requests(suffix string) (found []Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if strings.HasSuffix(r.Path, suffix) {
			found = append(found, r)
		}
	}
	return found
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	var body map[string]string
	want := map[string]string{
		"grant_type": "client_credentials", "client_id": ClientID, "client_secret": ClientSecret,
		"scope": "project.admin", "project_id": ProjectID,
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || r.Header.Get("Content-Type") != "application/json" || fmt.Sprint(body) != fmt.Sprint(want) {
		http.Error(w, `{"error":"invalid_client","errorDescription":"Unknown client"}`, http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := fmt.Sprintf("eyJ.token-%d.of-these-tests", len(s.tokens)+1)
	s.tokens[token] = true
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":%s,"scope":["project.admin"],"project_id":%q}`, token, s.ExpiresIn, ProjectID)
}

func (s *Server) authorized(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		valid := s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		s.mu.Unlock()
		if !valid {
			http.Error(w, `{"error":"JsonWebTokenError","errorDescription":"JWT expired"}`, http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

func (s *Server) accessLog(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	size := s.PageSize
	if query.Has("limit") {
		var err error
		if size, err = strconv.Atoi(query.Get("limit")); err != nil || size < 1 || size > unlocapi.MaxPageSize {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"title":"Validation error","detail":"The request is not valid","invalidParams":[{"name":"limit","reason":"must be 1 to 2500"}]}`)
			return
		}
	}
	s.mu.Lock()
	log := slices.Clone(s.log)
	s.mu.Unlock()
	if s.NewestFirst {
		slices.Reverse(log)
	}
	log = slices.DeleteFunc(log, func(e unloc.AccessEvent) bool {
		return query.Has("lockId") && e.LockID != query.Get("lockId") || query.Has("appUserId") && string(e.AppUserID) != query.Get("appUserId")
	})
	if after := query.Get("startAfterId"); after != "" {
		log = log[1+slices.IndexFunc(log, func(e unloc.AccessEvent) bool { return e.ID == after }):]
	}
	answer := struct {
		StartAfterID string              `json:"startAfterId,omitempty"`
		Events       []unloc.AccessEvent `json:"accessEvents"`
	}{Events: log}
	if len(log) > size {
		answer.Events, answer.StartAfterID = log[:size], log[size-1].ID
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "\t") // not the bytes of the webhook
	_ = e.Encode(answer)
}

func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	var body struct{ Trigger, URL, LockID string }
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Trigger != "accessEvent" || !strings.HasPrefix(body.URL, "https://") || body.LockID == "" {
		http.Error(w, `{"title":"Validation error"}`, http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook{body.URL, body.LockID})
	w.WriteHeader(http.StatusCreated)
}
