package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/examples/send/internal/jsonedit"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// A delivery is a request of a vendor, which can be sent more than once.
type delivery struct {
	url    string
	header http.Header
	body   []byte
}

// request returns a request to send.
func (d delivery) request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(d.body))
	if err == nil {
		r.Header = d.header.Clone()
	}
	return r, err
}

// places are where a body has its time, and what makes it another event: the first path
// that it has.
var places = map[string]struct {
	time string
	ids  []string
}{
	userlock.Vendor:    {"EventTime", []string{"SessionId"}},
	unloc.Vendor:       {"created", []string{"id"}},
	relock.Vendor:      {"data.timestamp", []string{"data.alertId", "data.sessionId", "data.deviceId"}},
	loginradius.Vendor: {"Time", []string{"HookId"}},
}

// timeForm is how the vendors write a time.
const timeForm = "2006-01-02T15:04:05.000Z"

// next returns a delivery of a new event of this kind, or of the file.
func (s *settings) next(k kind) (delivery, error) {
	credentials := s.credentials[k.vendor.Name]
	body, err := s.body(k, credentials)
	if err != nil {
		return delivery{}, err
	}
	for _, edit := range s.edits {
		if body, err = edit.Apply(body); err != nil {
			return delivery{}, fmt.Errorf("-set: %w", err)
		}
	}
	r, err := k.vendor.Request(context.Background(), s.target(k.vendor), credentials, body)
	if err != nil {
		return delivery{}, err
	}
	if s.tamper {
		tamper(k.vendor, credentials, r, &body)
	}
	return delivery{r.URL.String(), r.Header, body}, nil
}

// body returns a body that is not edited yet.
func (s *settings) body(k kind, credentials envsecret.Values) ([]byte, error) {
	at := s.at().UTC()
	place := places[k.vendor.Name]
	if k.name == "" {
		if !s.dated {
			return s.file, nil
		}
		body, err := jsonedit.String(place.time, at.Format(timeForm)).Apply(s.file)
		if err != nil {
			return nil, fmt.Errorf("-time: %w", err)
		}
		return body, nil
	}
	payload := k.vendor.Payloads(at.Truncate(time.Millisecond))[k.payload]
	r, err := k.vendor.Request(context.Background(), k.vendor.Path(), credentials, payload)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	for _, path := range place.ids {
		if fresh, ok := jsonedit.String(path, vendors.RandomGUID()).Replace(body); ok {
			return fresh, nil
		}
	}
	return body, nil
}

// tamper changes a request as an attacker would who has no secret: another body, and where
// the vendor sends its credential, another of that.
func tamper(v vendors.Vendor, credentials envsecret.Values, r *http.Request, body *[]byte) {
	if user, _, ok := r.BasicAuth(); ok {
		r.SetBasicAuth(user, rand.Text())
	}
	if v.Name == userlock.Vendor {
		for _, secret := range credentials.Secrets { // any is accepted
			id, _ := secret.Reveal()
			*body = replaceID(*body, id, vendors.RandomGUID())
		}
	}
	if changed, err := jsonedit.String("tampered", "yes").Apply(*body); err == nil {
		*body = changed
	} else {
		*body = append(bytes.Clone(*body), ' ')
	}
}

// guids match what may be a UserLock ID.
var guids = regexp.MustCompile(`[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}`)

// replaceID replaces a UserLock ID in any of its forms.
func replaceID(body []byte, old, id string) []byte {
	digits := func(text string) string {
		return strings.ToLower(strings.Trim(strings.ReplaceAll(text, "-", ""), "(){} "))
	}
	return guids.ReplaceAllFunc(body, func(found []byte) []byte {
		if digits(string(found)) == digits(old) {
			return []byte(id)
		}
		return found
	})
}

// maskedIDs match what stands in a captured body for the UserLock ID.
var maskedIDs = regexp.MustCompile(`[0-9A-Fa-f]{8}-\*{4}-\*{4}-\*{4}-\*{12}`)

// unmask puts id in place of the masked ID that it may be: the first that begins as it
// does, or else the first of all. Others are not of a server, such as that of a session.
func unmask(body []byte, id string) []byte {
	var place []int
	for _, at := range maskedIDs.FindAllIndex(body, -1) {
		if place == nil {
			place = at
		}
		begin, err := userlock.NewServerID(id)
		if err == nil && strings.EqualFold(string(body[at[0]:at[0]+8]), begin.String()) {
			place = at
			break
		}
	}
	if place == nil {
		return body
	}
	return slices.Concat(body[:place[0]], []byte(id), body[place[1]:])
}

// readFile reads -file: the body of a captured request, or what the file has.
func (s *settings) readFile(path string, stdin io.Reader) error {
	if path == "" {
		return nil
	}
	in := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("-file: %w", err)
		}
		defer file.Close()
		in = file
	}
	var whole bytes.Buffer
	captured, err := capture.Read(io.TeeReader(in, &whole))
	switch {
	case err == nil:
		s.file = captured.Body
	case errors.Is(err, capture.ErrNotRequest):
		s.file = whole.Bytes()
	default:
		return fmt.Errorf("-file: %w", err)
	}
	if len(s.file) == 0 {
		return errors.New("-file has no body")
	}
	if v := s.vendors[0]; v.Name == userlock.Vendor {
		id, _ := s.credentials[v.Name].Secrets[0].Reveal()
		s.file = unmask(s.file, id)
	}
	return nil
}

// tryAll makes everything once, so that what cannot be made is found before anything is
// sent.
func (s *settings) tryAll() error {
	for _, k := range s.chosen {
		if _, err := s.next(k); err != nil {
			return err
		}
	}
	return nil
}
