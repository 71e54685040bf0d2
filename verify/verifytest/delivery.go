package verifytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/verify"
)

func answersForCallback(v Vendor) error {
	b, err := v.bench(func(c *verify.Config) { c.HandlerTimeout = 50 * time.Millisecond })
	if err != nil {
		return err
	}
	defer b.close()
	failed := errors.New("callback failed")
	for _, c := range []struct {
		name   string
		status int
		after  string
		handle func(context.Context, *event.Event) error
	}{
		{"an error", 500, "", func(context.Context, *event.Event) error { return failed }},
		{"a panic", 500, "", func(context.Context, *event.Event) error { panic("callback panicked") }},
		{"no time left", 500, "", func(ctx context.Context, _ *event.Event) error { <-ctx.Done(); return ctx.Err() }},
		{"a permanent error", 200, "", func(context.Context, *event.Event) error { return event.Permanent(failed) }},
		{"unavailable", 503, "2", func(context.Context, *event.Event) error { return event.Unavailable(failed, 1500*time.Millisecond) }},
	} {
		b.handle = c.handle
		a, err := b.expectBody(v.any(), c.status)
		if err == nil && a.header.Get("Retry-After") != c.after {
			err = fmt.Errorf("answered with Retry-After %q, want %q", a.header.Get("Retry-After"), c.after)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func middleware(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	body := v.fill(v.any(), v.Credentials[0])
	called := 0
	server := httptest.NewServer(b.hook.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called++
		e, ok := event.FromContext(r.Context())
		read, err := io.ReadAll(r.Body)
		if !ok || e.Payload == nil || err != nil || !bytes.Equal(read, body) || r.ContentLength != int64(len(body)) {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})))
	defer server.Close()
	for i, want := range []int{http.StatusAccepted, http.StatusUnauthorized} {
		r, err := v.NewRequest(context.Background(), server.URL, v.Credentials[2*i], v.fill(v.any(), v.Credentials[2*i]))
		if err != nil {
			return err
		}
		res, err := server.Client().Do(r)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != want {
			return fmt.Errorf("answered %d, want %d", res.StatusCode, want)
		}
	}
	if called != 1 {
		return fmt.Errorf("the handler was called %d times, want once", called)
	}
	return nil
}

// agrees checks that the ways to an event lead to the same one.
func agrees(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for name, payload := range v.Payloads {
		body := v.fill(payload, v.Credentials[0])
		r, err := b.request(v.Credentials[0], payload)
		if err != nil {
			return err
		}
		checked, err := b.hook.Check(r, body)
		if err != nil {
			return fmt.Errorf("%s: Check: %w", name, err)
		}
		decoded, err := b.hook.Decode(body)
		if err != nil {
			return fmt.Errorf("%s: Endpoint.Decode: %w", name, err)
		}
		own, err := v.Decode(body)
		if err != nil {
			return fmt.Errorf("%s: Decode: %w", name, err)
		}
		switch {
		case checked.Payload == nil || own.Payload == nil:
			return fmt.Errorf("%s: no payload", name)
		case checked.ID != decoded.ID || checked.ID != own.ID:
			return fmt.Errorf("%s: IDs differ: %s, %s, %s", name, checked.ID, decoded.ID, own.ID)
		case checked.Type != decoded.Type || checked.Type != own.Type:
			return fmt.Errorf("%s: types differ: %s, %s, %s", name, checked.Type, decoded.Type, own.Type)
		case !decoded.Received.IsZero() || !own.Received.IsZero():
			return fmt.Errorf("%s: decoding sets Received", name)
		case reflect.TypeOf(checked.Payload) != reflect.TypeOf(own.Payload) || reflect.TypeOf(own.Payload).Kind() != reflect.Pointer:
			return fmt.Errorf("%s: payloads are of types %T and %T, want one pointer type", name, checked.Payload, own.Payload)
		}
		other := append(bytes.Clone(body), ' ')
		if e, err := v.Decode(other); err != nil || v.Signed && !v.OwnIDs && e.ID == own.ID {
			return fmt.Errorf("%s: another body has the same ID, or is refused: %v", name, err)
		}
	}
	return nil
}

func keepsSecrets(v Vendor) error {
	var config string
	b, err := v.bench(func(c *verify.Config) { config = fmt.Sprintf("%v %+v %#v", *c, *c, *c) })
	if err != nil {
		return err
	}
	defer b.close()

	type leak struct{ where, text string }
	shown := []leak{
		{"the configuration", config},
		{"the endpoint", fmt.Sprintf("%v %+v %#v", b.hook, b.hook, b.hook)},
	}
	see := func(where string, a answer, err error) error {
		if err != nil {
			return err
		}
		shown = append(shown, leak{where, a.body + fmt.Sprint(a.header)})
		return nil
	}
	b.handle = func(_ context.Context, e *event.Event) error { return fmt.Errorf("callback failed for %+v", e) }
	for name, payload := range v.Payloads {
		r, err := b.request(v.Credentials[0], payload)
		if err != nil {
			return err
		}
		a, err := b.send(r)
		if err := see("the answer for "+name, a, err); err != nil {
			return err
		}
		e := a.events[0]
		if e.Payload == nil {
			return fmt.Errorf("%s: no payload", name)
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
		shown = append(shown,
			leak{"a CloudEvent", string(line)}, leak{"JSON", string(plain)}, leak{"the payload's JSON", string(inner)},
			leak{"slog", logged.String()},
			leak{"fmt of an event", fmt.Sprintf("%v %+v %#v %s %q %x", e, *e, e, e, e, *e)},
			leak{"fmt of a payload", fmt.Sprintf("%v %+v %#v", e.Payload, e.Payload, e.Payload)},
		)

		if r, err = b.request(v.Credentials[2], payload); err != nil {
			return err
		}
		if a, err = b.send(r); see("the refusal of "+name, a, err) != nil {
			return err
		}
		if _, err := b.hook.Check(r, v.fill(payload, v.Credentials[2])); err == nil {
			return errors.New("a stranger's request was accepted")
		} else {
			shown = append(shown, leak{"an error", fmt.Sprintf("%v %+v %#v", err, err, err)})
		}
		// Errors about broken bodies like to quote them.
		broken := v.fill(payload, v.Credentials[0])
		broken = broken[:len(broken)-2]
		if _, err := v.Decode(broken); err != nil {
			shown = append(shown, leak{"an error of Decode", fmt.Sprintf("%v %+v", err, err)})
		}
		if r, err = b.request(v.Credentials[0], broken); err != nil {
			return err
		}
		if a, err = b.send(r); see("the refusal of a broken body", a, err) != nil {
			return err
		}
		for _, e := range a.events {
			line, err := cloudevent.Encode(e)
			if err != nil {
				return err
			}
			shown = append(shown, leak{"the CloudEvent of a broken body", string(line)}, leak{"fmt of its event", fmt.Sprintf("%v %+v %#v", e, e, *e)})
		}
	}
	b.server.Close()
	shown = append(shown, leak{"the log", b.log.String()})
	for _, o := range b.observed {
		shown = append(shown, leak{"an observation", fmt.Sprintf("%v %+v", o, o)})
	}
	if b.log.Len() == 0 {
		return errors.New("nothing was logged")
	}

	secrets := append([]string{}, v.Canaries...)
	for _, c := range v.Credentials {
		secrets = append(secrets, c)
		if _, password, ok := strings.Cut(c, ":"); ok {
			secrets = append(secrets, password)
		}
	}
	for _, l := range shown {
		for i, s := range secrets {
			if strings.Contains(strings.ToLower(l.text), strings.ToLower(s)) {
				return fmt.Errorf("secret %d is in %s", i+1, l.where)
			}
		}
	}
	for i, s := range v.Canaries {
		found := false
		for _, p := range v.Payloads {
			found = found || bytes.Contains(p, []byte(s))
		}
		if !found {
			return fmt.Errorf("canary %d is in no payload", i+1)
		}
	}
	return nil
}
