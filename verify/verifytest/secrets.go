package verifytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/verify"
)

// canary stands in bodies that the checks make up. Nothing may show it.
const canary = "verifytest-canary"

// A view is what somebody may get to see.
type view struct{ where, text string }

// views are all that a vendor's endpoint has shown, and the secrets that must not be in
// there.
type views struct {
	list    []view
	secrets []string
}

func (s *views) add(where, text string) { s.list = append(s.list, view{where, text}) }

// hideCredential adds a credential, and the password in it.
func (s *views) hideCredential(c string) {
	s.secrets = append(s.secrets, c)
	if _, password, ok := strings.Cut(c, ":"); ok {
		s.secrets = append(s.secrets, password)
	}
}

// hideHeader adds the signatures in the Header of a request, which are expected of a
// stranger too.
func (s *views) hideHeader(v Vendor, r *http.Request) {
	if v.Header == "" {
		return
	}
	for _, part := range strings.FieldsFunc(r.Header.Get(v.Header), func(r rune) bool { return strings.ContainsRune(" ,;:=", r) }) {
		if len(part) >= 16 { // timestamps and names may be shown
			s.secrets = append(s.secrets, part)
		}
	}
}

// leak says which view shows a secret, without the secret.
func (s *views) leak() error {
	for _, l := range s.list {
		text := strings.ToLower(l.text)
		for i, secret := range s.secrets {
			if strings.Contains(text, strings.ToLower(secret)) {
				return fmt.Errorf("secret %d is in %s", i+1, l.where)
			}
		}
	}
	return nil
}

func keepsSecrets(v Vendor) error {
	for i, s := range v.Canaries {
		if !slices.ContainsFunc(v.payloads(), func(p payload) bool { return bytes.Contains(p.body, []byte(s)) }) {
			return fmt.Errorf("canary %d is in no payload", i+1)
		}
	}
	s := &views{secrets: append([]string{canary}, v.Canaries...)}
	for _, c := range v.Credentials {
		s.hideCredential(c)
	}
	b, err := v.bench(func(c *verify.Config) { s.add("the configuration", fmt.Sprintf("%v %+v %#v", *c, *c, *c)) })
	if err != nil {
		return err
	}
	defer b.close()
	s.add("the endpoint", fmt.Sprintf("%v %+v %#v", b.hook, b.hook, b.hook))
	for _, p := range v.payloads() {
		if err := errors.Join(s.seeEvents(b, p), s.seeRefusals(b, p), s.seeBroken(b, p)); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	b.server.Close() // waits for what is observed after the answer
	if b.log.Len() == 0 {
		return errors.New("nothing was logged")
	}
	s.add("the log", b.log.String())
	for _, o := range b.observed {
		s.add("an observation", fmt.Sprintf("%v %+v", o, o))
	}
	return s.leak()
}

// send sends a payload and looks at the answer.
func (s *views) send(b *bench, credential string, p payload) (*http.Request, answer, error) {
	r, err := b.request(credential, p)
	if err != nil {
		return nil, answer{}, err
	}
	s.hideHeader(b.v, r)
	a, err := b.send(r)
	s.add(fmt.Sprintf("an answer with status %d", a.status), a.body+fmt.Sprint(a.header))
	return r, a, err
}

// seeEvents looks at all that an event is printed and encoded to.
func (s *views) seeEvents(b *bench, p payload) error {
	b.handle = func(_ context.Context, e *event.Event) error { return fmt.Errorf("callback failed for %+v", e) }
	_, a, err := s.send(b, b.v.Credentials[0], p)
	if err != nil {
		return err
	}
	e, err := a.event()
	if err != nil {
		return err
	}
	if e.Payload == nil {
		return errors.New("no payload")
	}
	line, err := cloudevent.Encode(e)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(e)
	if err != nil {
		return err
	}
	inner, err := json.Marshal(e.Payload)
	if err != nil {
		return err
	}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("text", "event", e, "payload", e.Payload, "value", *e)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("json", "event", e, "payload", e.Payload, "value", *e)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("json", "deref", reflect.ValueOf(e.Payload).Elem().Interface())
	s.add("a CloudEvent", string(line))
	s.add("JSON", string(plain))
	s.add("the payload's JSON", string(inner))
	s.add("slog", logged.String())
	s.add("fmt of an event", fmt.Sprintf("%v %+v %#v %s %q %x", e, *e, e, e, e, *e))
	s.add("fmt of a payload", fmt.Sprintf("%v %+v %#v", e.Payload, e.Payload, e.Payload))
	return nil
}

// seeRefusals looks at what is said of a stranger.
func (s *views) seeRefusals(b *bench, p payload) error {
	stranger := b.v.Credentials[2]
	r, _, err := s.send(b, stranger, p)
	if err != nil {
		return err
	}
	_, err = b.hook.Check(r, b.v.fill(p.body, stranger))
	if err == nil {
		return errors.New("a stranger's request was accepted")
	}
	s.add("an error about a stranger", fmt.Sprintf("%v %+v %#v", err, err, err))
	return nil
}

// seeBroken looks at what is said of bodies that cannot be decoded: errors like to quote
// them.
func (s *views) seeBroken(b *bench, p payload) error {
	id := `"` + Placeholder + `"`
	for _, body := range [][]byte{
		p.body[:len(p.body)-2],
		[]byte(`{"id":` + id + `,"x":"` + canary + `"`),
		[]byte(`{"id":` + id + `,"x":` + canary + `}`),
		[]byte(`[` + id + `,"` + canary + `"]`),
		[]byte(canary + id),
	} {
		if _, err := b.v.Decode(b.v.fill(body, b.v.Credentials[0])); err != nil {
			s.add("an error of Decode", fmt.Sprintf("%v %+v", err, err))
		}
		r, err := b.request(b.v.Credentials[0], payload{p.name, p.header, body})
		if err != nil {
			return err
		}
		a, err := b.send(r)
		if err != nil {
			return err
		}
		s.add("the answer to a broken body", a.body+fmt.Sprint(a.header))
		for _, e := range a.events {
			line, err := cloudevent.Encode(e)
			if err != nil {
				return err
			}
			s.add("the CloudEvent of a broken body", string(line))
			s.add("fmt of the event of a broken body", fmt.Sprintf("%v %+v %#v", e, e, *e))
		}
	}
	return nil
}
