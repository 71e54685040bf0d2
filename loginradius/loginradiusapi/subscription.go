package loginradiusapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/internal/credential"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// Types of [Authentication].
const (
	AuthBasic  = "Basic"
	AuthBearer = "Bearer" // inferred
)

// A Subscription tells LoginRadius to send one kind of event to one URL.
//
// Only requests to LoginRadius have its secrets in clear. fmt, log/slog and encoding/json
// mask them.
type Subscription struct {
	ID        string `json:"Id,omitzero"`
	Event     string `json:",omitzero"`          // such as "Login"; "login" in some answers
	TargetURL string `json:"TargetUrl,omitzero"` // https, without a user and a fragment
	Name      string `json:",omitzero"`
	// SecretName is the name of the API secret that signs the events. LoginRadius has ""
	// for the primary one. In a request, "" means not to choose.
	SecretName string `json:",omitzero"`
	// Headers and QueryParams are sent with each event. Their values may be credentials.
	Headers        map[string]event.Secret `json:",omitzero"`
	QueryParams    map[string]event.Secret `json:",omitzero"`
	Authentication *Authentication         `json:",omitzero"`
	// IsIntegrationWebhook says that an integration of LoginRadius's has made it.
	IsIntegrationWebhook bool      `json:",omitzero"`
	CreatedDate          time.Time `json:",omitzero"`
	LastModifiedDate     time.Time `json:",omitzero"`
	// Warnings say what in the answer did not have the documented type.
	Warnings []event.Warning `json:"-"`
}

// Authentication is how LoginRadius authenticates to the receiver, beside the signature.
// Require it with [verify.NewBasicAuth] or [verify.NewBearer] in
// loginradius.Config.Endpoint.Also.
//
// [verify.NewBasicAuth]: https://pkg.go.dev/github.com/accesshook/accesshook/verify#NewBasicAuth
// [verify.NewBearer]: https://pkg.go.dev/github.com/accesshook/accesshook/verify#NewBearer
type Authentication struct {
	Type     string       // [AuthBasic] or [AuthBearer]
	Username string       `json:",omitzero"` // of AuthBasic
	Password event.Secret `json:",omitzero"` // of AuthBasic; empty in answers
	Token    event.Secret `json:",omitzero"` // of AuthBearer
}

// A wire is a Subscription as it is sent.
type wire struct {
	Event          string            `json:",omitzero"`
	TargetURL      string            `json:"TargetUrl,omitzero"`
	Name           string            `json:",omitzero"`
	SecretName     string            `json:",omitzero"`
	Headers        map[string]string `json:",omitzero"`
	QueryParams    map[string]string `json:",omitzero"`
	Authentication *wireAuth         `json:",omitzero"`
}

type wireAuth struct {
	AuthType    string
	BasicAuth   *wireBasic  `json:",omitzero"`
	BearerToken *wireBearer `json:",omitzero"`
}

type (
	wireBasic  struct{ Username, Password string }
	wireBearer struct{ Token string }
)

// wire returns the settings of s in clear, without its event.
func (s *Subscription) wire() *wire {
	w := &wire{
		TargetURL: s.TargetURL, Name: s.Name, SecretName: s.SecretName,
		Headers: revealed(s.Headers), QueryParams: revealed(s.QueryParams),
	}
	if a := s.Authentication; a != nil {
		w.Authentication = &wireAuth{AuthType: a.Type}
		if a.isBearer() {
			token, _ := a.Token.Reveal()
			w.Authentication.BearerToken = &wireBearer{token}
		} else {
			password, _ := a.Password.Reveal()
			w.Authentication.BasicAuth = &wireBasic{a.Username, password}
		}
	}
	return w
}

func revealed(secrets map[string]event.Secret) map[string]string {
	if secrets == nil {
		return nil
	}
	values := make(map[string]string, len(secrets))
	for name, s := range secrets {
		values[name], _ = s.Reveal()
	}
	return values
}

// minMasked is the length, in bytes, from which on values of headers and parameters are
// masked in errors. A shorter one is no credential, but may be a part of many words.
const minMasked = 4

// secrets returns what must not be seen in an error.
func (s *Subscription) secrets() []event.Secret {
	_, query, _ := strings.Cut(s.TargetURL, "?")
	secrets := []event.Secret{event.NewSecret(query)}
	for _, m := range []map[string]event.Secret{s.Headers, s.QueryParams} {
		for _, v := range m {
			if value, _ := v.Reveal(); len(value) >= minMasked {
				secrets = append(secrets, v)
			}
		}
	}
	if a := s.Authentication; a != nil {
		secrets = append(secrets, a.Password, a.Token)
	}
	return secrets
}

func (a *Authentication) isBearer() bool { return strings.EqualFold(a.Type, AuthBearer) }

// check refuses what cannot be created. The error begins with field.
func (s *Subscription) check(field string) error {
	if s.Event == "" {
		return fmt.Errorf("loginradiusapi: %s.Event is empty", field)
	}
	if s.TargetURL == "" {
		return fmt.Errorf("loginradiusapi: %s.TargetURL is empty", field)
	}
	return s.checkSettings(field)
}

func (s *Subscription) checkSettings(field string) error {
	field = "loginradiusapi: " + field
	if s.TargetURL != "" {
		if err := apiclient.CheckWebhookURL(s.TargetURL); err != nil {
			return fmt.Errorf("%s.TargetURL %w", field, err)
		}
	}
	for name, value := range map[string]string{"Event": s.Event, "Name": s.Name, "SecretName": s.SecretName} {
		if !utf8.ValidString(value) || strings.ContainsFunc(value, isControl) {
			return fmt.Errorf("%s.%s has a control character", field, name)
		}
	}
	for name, value := range s.Headers {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) }) {
			return fmt.Errorf("%s.Headers has a name that HTTP forbids", field)
		}
		if err := checkValue(value); err != nil {
			return fmt.Errorf("%s.Headers[%q] %w", field, name, err)
		}
	}
	for name, value := range s.QueryParams {
		if name == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, isControl) {
			return fmt.Errorf("%s.QueryParams has a name that is empty, or has a control character", field)
		}
		if err := checkValue(value); err != nil {
			return fmt.Errorf("%s.QueryParams[%q] %w", field, name, err)
		}
	}
	if s.Authentication != nil {
		return s.Authentication.check(field + ".Authentication")
	}
	return nil
}

func (a *Authentication) check(field string) error {
	switch {
	case strings.EqualFold(a.Type, AuthBasic):
		if !a.Token.IsZero() {
			return fmt.Errorf("%s.Token is set, and Type is %s", field, AuthBasic)
		}
		if a.Username == "" || strings.Contains(a.Username, ":") || strings.ContainsFunc(a.Username, isControl) {
			return fmt.Errorf("%s.Username is empty, or has a colon or a control character", field)
		}
		// An answer has none: what Get returned would remove it.
		return credential.Check(field+".Password", a.Password, 0)
	case a.isBearer():
		if a.Username != "" || !a.Password.IsZero() {
			return fmt.Errorf("%s.Username or Password is set, and Type is %s", field, AuthBearer)
		}
		return credential.Check(field+".Token", a.Token, 0)
	}
	return fmt.Errorf("%s.Type is neither %s nor %s", field, AuthBasic, AuthBearer)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// checkValue takes an empty value.
func checkValue(s event.Secret) error {
	value, ok := s.Reveal()
	if !ok && !s.IsZero() {
		return errors.New("is masked: its value is not known")
	}
	if !utf8.ValidString(value) || strings.ContainsFunc(value, isControl) {
		return errors.New("has a control character")
	}
	return nil
}

// An answer is a Subscription as it comes.
type answer struct {
	ID                   string            `json:"Id"`
	Event                string            `json:"Event"`
	TargetURL            string            `json:"TargetUrl"`
	Name                 string            `json:"Name"`
	SecretName           string            `json:"SecretName"`
	Headers              map[string]string `json:"Headers"`
	QueryParams          map[string]string `json:"QueryParams"`
	Authentication       answerAuth        `json:"Authentication"`
	IsIntegrationWebhook bool              `json:"IsIntegrationWebhook"`
	CreatedDate          time.Time         `json:"CreatedDate"`
	LastModifiedDate     time.Time         `json:"LastModifiedDate"`
}

type answerAuth struct {
	AuthType  string `json:"AuthType"`
	BasicAuth struct {
		Username string       `json:"Username"`
		Password event.Secret `json:"Password"`
	} `json:"BasicAuth"`
	BearerToken struct {
		Token event.Secret `json:"Token" accesshook:"scalar"`
	} `json:"BearerToken"`
}

// parse reads a subscription, alone or in an envelope as lists have it.
func parse(body []byte) (*Subscription, error) {
	var a struct {
		answer
		Data json.RawMessage `json:"Data"`
	}
	warnings, err := jsonbody.Unmarshal(body, &a)
	if err != nil {
		return nil, err
	}
	if a.ID == "" && a.TargetURL == "" && len(a.Data) > 0 {
		return parse(a.Data) // at most as deep as bodies may be
	}
	s := &Subscription{
		ID: a.ID, Event: a.Event, TargetURL: a.TargetURL, Name: a.Name, SecretName: a.SecretName,
		Headers: hidden(a.Headers), QueryParams: hidden(a.QueryParams),
		IsIntegrationWebhook: a.IsIntegrationWebhook, CreatedDate: a.CreatedDate, LastModifiedDate: a.LastModifiedDate,
		Warnings: warnings,
	}
	if auth := a.Authentication; auth != (answerAuth{}) {
		s.Authentication = &Authentication{
			Type: auth.AuthType, Username: auth.BasicAuth.Username,
			Password: auth.BasicAuth.Password, Token: auth.BearerToken.Token,
		}
	}
	return s, nil
}

// unreadable names a field without which nobody can tell whether s may be deleted, or
// returns "".
func (s *Subscription) unreadable() string {
	warned := slices.ContainsFunc(s.Warnings, func(w event.Warning) bool { return strings.EqualFold(w.Path, "/IsIntegrationWebhook") })
	switch {
	case s.IsIntegrationWebhook: // it never may
		return ""
	case warned:
		return "IsIntegrationWebhook"
	case s.ID == "":
		return "Id"
	case s.Event == "":
		return "Event"
	case s.TargetURL == "":
		return "TargetUrl"
	}
	return ""
}

func hidden(values map[string]string) map[string]event.Secret {
	if values == nil {
		return nil
	}
	secrets := make(map[string]event.Secret, len(values))
	for name, value := range values {
		secrets[name] = event.NewSecret(value)
	}
	return secrets
}

// differences returns the settings that want mentions and s does not have. A secret that
// LoginRadius has masked or left out is taken for equal.
func (s *Subscription) differences(want *Subscription) []string {
	var names []string
	differ := func(name string, is bool) {
		if is {
			names = append(names, name)
		}
	}
	differ("Name", want.Name != "" && want.Name != s.Name)
	differ("SecretName", want.SecretName != "" && want.SecretName != s.SecretName)
	differ("Headers", want.Headers != nil && !equalSecrets(canonical(s.Headers), canonical(want.Headers)))
	differ("QueryParams", want.QueryParams != nil && !equalSecrets(s.QueryParams, want.QueryParams))
	differ("Authentication", want.Authentication != nil && !s.Authentication.equal(want.Authentication))
	return names
}

func (a *Authentication) equal(want *Authentication) bool {
	return a != nil && strings.EqualFold(a.Type, want.Type) && a.Username == want.Username &&
		equalSecret(a.Password, want.Password) && equalSecret(a.Token, want.Token)
}

func equalSecrets(have, want map[string]event.Secret) bool {
	if len(have) != len(want) {
		return false
	}
	for name, w := range want {
		if h, ok := have[name]; !ok || !equalSecret(h, w) {
			return false
		}
	}
	return true
}

func equalSecret(have, want event.Secret) bool {
	return isUnknown(have) || have.Equal(want)
}

// isUnknown reports whether an answer does not tell a secret: it is empty, or stars.
func isUnknown(s event.Secret) bool {
	value, _ := s.Reveal()
	return strings.Trim(value, "*") == ""
}

func canonical(headers map[string]event.Secret) map[string]event.Secret {
	names := make(map[string]event.Secret, len(headers))
	for name, value := range headers {
		names[http.CanonicalHeaderKey(name)] = value
	}
	return names
}

// hasUnknown reports whether an answer does not tell all values.
func hasUnknown(values map[string]event.Secret) bool {
	for _, s := range values {
		if isUnknown(s) {
			return true
		}
	}
	return false
}
