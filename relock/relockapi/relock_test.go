package relockapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock/relockapi"
)

const (
	apiKey = "relock_sk_canary-7355608"
	secret = `webhook "canary" /7355608+&é`
)

// A relockServer answers as Relock's pages say. See [relockapi].
type relockServer struct {
	*httptest.Server

	mu       sync.Mutex
	requests int
	webhooks []webhook
	// next answer the next requests in place of the server.
	next []http.HandlerFunc
}

type webhook struct {
	URL    string   `json:"url"`
	Events []string `json:"events"`
	Secret string   `json:"secret"`
}

func newRelock(t *testing.T, next ...http.HandlerFunc) *relockServer {
	s := &relockServer{next: next}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// answerNext lets h answer the next request in place of the server.
func (s *relockServer) answerNext(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, h)
}

// client returns a client of the server. It sends a request at most twice, and does not
// wait for long.
func (s *relockServer) client(t *testing.T) *relockapi.Client {
	t.Helper()
	client, err := relockapi.New(relockapi.Config{APIKey: event.NewSecret(apiKey), BaseURL: s.URL + "/api/v1", MaxAttempts: 2})
	require.NoError(t, err)
	return client
}

// seen returns how many requests came, and the webhooks that they made.
func (s *relockServer) seen() (requests int, webhooks []webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests, s.webhooks
}

func (s *relockServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	s.requests++
	if len(s.next) > 0 {
		next := s.next[0]
		s.next = s.next[1:]
		next(w, r)
		return
	}
	const perMinute = 20
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var hook webhook
	switch {
	case r.Method+" "+r.URL.Path != "POST /api/v1/webhooks/configure":
		answer(w, 404, `{"success":false,"error":{"code":"GATEWAY_NOT_FOUND","message":"Not found"}}`)
	case r.Header.Get("Authorization") != "Bearer "+apiKey:
		answer(w, 401, `{"success":false,"error":{"code":"INVALID_API_KEY","message":"Invalid API key","details":{}},"meta":{"timestamp":"2024-05-14T12:00:00Z","requestId":"req_17"}}`)
	case s.requests > perMinute:
		answer(w, 429, `{"success":false,"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded","details":{"limit":20,"window":"1 minute","retryAfter":60}}}`)
	case mediaType != "application/json", json.Unmarshal(body, &hook) != nil, !strings.HasPrefix(hook.URL, "https://"), len(hook.Events) == 0, hook.Secret == "":
		answer(w, 400, `{"success":false,"error":{"code":"INVALID_REQUEST","message":"Invalid request","details":{"required":["url","events","secret"]}}}`)
	default:
		s.webhooks = append(s.webhooks, hook)
		data, _ := json.Marshal(map[string]any{
			"webhookId": fmt.Sprintf("webhook%d", len(s.webhooks)), "url": hook.URL, "events": hook.Events,
			"active": true, "createdAt": time.Date(2024, 5, 14, 12, 0, 0, 0, time.UTC),
		})
		answer(w, 200, `{"success":true,"data":`+string(data)+`}`)
	}
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// answers returns a handler that answers so.
func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answer(w, status, body) }
}

// myWebhook is one that is accepted.
func myWebhook() relockapi.Webhook {
	return relockapi.Webhook{
		URL:    "https://hooks.example.com/webhooks/relock?tenant=url-canary-7355608",
		Events: []string{"authentication.success", "authentication.failed"},
		Secret: event.NewSecret(secret),
	}
}
