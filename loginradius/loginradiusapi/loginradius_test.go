package loginradiusapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius/loginradiusapi"
)

const (
	apiKey    = "key-canary-7355608"
	apiSecret = "secret canary/7355608+&é"
)

// A site is LoginRadius as its pages describe it. See [loginradiusapi].
type site struct {
	*httptest.Server

	mu       sync.Mutex
	limit    int
	last     int
	hooks    []hook
	requests []string // "GET", "POST Login", "DELETE 3"
	// on may answer a request in place of the site, or change the site before it answers.
	on func(r *http.Request) http.HandlerFunc
}

type hook struct {
	ID                   string `json:"Id"`
	Event                string
	TargetURL            string `json:"TargetUrl"`
	Name                 string
	SecretName           string
	IsIntegrationWebhook bool
	Headers              map[string]string
	QueryParams          map[string]string
	Authentication       *hookAuth
	CreatedDate          string
	LastModifiedDate     string
}

type hookAuth struct {
	AuthType    string
	BasicAuth   struct{ Username, Password string }
	BearerToken struct{ Token string }
}

var siteEvents = []string{"Login", "Register", "UpdateProfile", "EmailVerification", "BlockAccount", "DeleteAccount", "AssignRoles", "SetPIN"}

func newSite(t *testing.T, hooks ...hook) *site {
	s := &site{limit: 5}
	for _, h := range hooks {
		s.add(h)
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// client returns a client of the site that sends no request again.
func (s *site) client(t *testing.T) *loginradiusapi.Client {
	t.Helper()
	client, err := loginradiusapi.New(loginradiusapi.Config{
		APIKey: event.NewSecret(apiKey), APISecret: event.NewSecret(apiSecret), BaseURL: s.URL, MaxAttempts: 1,
	})
	require.NoError(t, err)
	return client
}

func (s *site) add(h hook) hook {
	s.last++
	if h.ID == "" {
		h.ID = fmt.Sprint(s.last)
	}
	h.CreatedDate, h.LastModifiedDate = "2022-03-04T03:58:49.294Z", "2022-03-04T03:58:49.294Z"
	s.hooks = append(s.hooks, h)
	return h
}

// seen returns the requests that came since it was called last, but those that only read.
func (s *site) seen() (changes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r != "GET" {
			changes = append(changes, r)
		}
	}
	s.requests = nil
	return changes
}

// set returns "event target" of every subscription.
func (s *site) set() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, h := range s.hooks {
		all = append(all, h.Event+" "+h.TargetURL)
	}
	slices.Sort(all)
	return all
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	var sent hook
	_ = json.Unmarshal(body, &sent)
	id, _ := strings.CutPrefix(r.URL.Path, "/v2/manage/webhooks/")
	switch r.Method {
	case "POST":
		s.requests = append(s.requests, "POST "+sent.Event)
	case "PUT", "DELETE":
		s.requests = append(s.requests, r.Method+" "+id)
	default:
		s.requests = append(s.requests, r.Method)
	}
	if s.on != nil {
		if h := s.on(r); h != nil {
			h(w, r)
			return
		}
	}
	if status, code, message := s.authorize(r); status != 0 {
		refuse(w, status, code, message)
		return
	}
	at := slices.IndexFunc(s.hooks, func(h hook) bool { return h.ID == id })
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Method+r.URL.Path == "GET/v2/manage/webhooks/events":
		reply(w, map[string]any{"Data": siteEvents})
	case r.Method+r.URL.Path == "GET/v2/manage/webhooks":
		all := make([]hook, len(s.hooks))
		for i, h := range s.hooks {
			all[i] = shown(h)
		}
		reply(w, map[string]any{"Data": all})
	case len(body) > 0 && mediaType != "application/json":
		refuse(w, 400, 1083, "The content type is not valid")
	case r.Method+r.URL.Path == "POST/v2/manage/webhooks":
		s.create(w, sent)
	case !strings.HasPrefix(r.URL.Path, "/v2/manage/webhooks/"):
		refuse(w, 404, 0, "")
	case at < 0:
		refuse(w, 404, 7986, "The configuration is not found")
	case r.Method == "GET":
		reply(w, shown(s.hooks[at]))
	case r.Method == "PUT":
		var changes map[string]json.RawMessage
		_ = json.Unmarshal(body, &changes)
		h := &s.hooks[at]
		if _, ok := changes["Headers"]; ok {
			h.Headers = nil // or the maps are merged
		}
		if _, ok := changes["QueryParams"]; ok {
			h.QueryParams = nil
		}
		if _, ok := changes["Authentication"]; ok {
			h.Authentication = nil
		}
		_ = json.Unmarshal(body, h)
		reply(w, shown(*h))
	case r.Method == "DELETE":
		s.hooks = slices.Delete(s.hooks, at, at+1)
		reply(w, map[string]any{"isdeleted": true})
	default:
		refuse(w, 405, 0, "The method is not allowed")
	}
}

func (s *site) authorize(r *http.Request) (status, code int, message string) {
	q := r.URL.Query()
	switch {
	case !q.Has("apikey"):
		return 400, 922, "The API key is missing"
	case !q.Has("apisecret"):
		return 400, 923, "The API secret is missing"
	case q.Get("apikey") != apiKey:
		return 403, 901, "The API key is not authorized"
	case q.Get("apisecret") != apiSecret:
		return 401, 902, "The API secret is not authorized"
	}
	return 0, 0, ""
}

func (s *site) create(w http.ResponseWriter, sent hook) {
	same := func(h hook) bool { return strings.EqualFold(h.Event, sent.Event) && h.TargetURL == sent.TargetURL }
	switch {
	case !slices.Contains(siteEvents, sent.Event):
		refuse(w, 403, 1086, "The event parameter is not valid")
	case !strings.HasPrefix(sent.TargetURL, "https://"):
		refuse(w, 403, 1087, "The target URL is not valid")
	case slices.ContainsFunc(s.hooks, same):
		refuse(w, 403, 1110, "The target URL is already subscribed")
	case len(s.hooks) >= s.limit:
		refuse(w, 403, 1085, "There are too many subscriptions")
	default:
		reply(w, shown(s.add(sent)))
	}
}

// shown returns a subscription as it is in answers: the event in lower case, the password
// empty.
func shown(h hook) hook {
	h.Event = strings.ToLower(h.Event)
	if h.Authentication != nil {
		auth := *h.Authentication
		auth.BasicAuth.Password, auth.BearerToken.Token = "", ""
		h.Authentication = &auth
	}
	return h
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"Description": message + ", so it is refused", "ErrorCode": code, "Message": message,
		"IsProviderError": false, "ProviderErrorResponse": nil,
	})
}

// replyRaw returns a handler that answers so.
func replyRaw(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}
