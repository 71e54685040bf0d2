package verifytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"time"

	"github.com/accesshook/accesshook/event"
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
		a, err := b.expect(v.any(), c.status)
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
	body := v.fill(v.any().body, v.Credentials[0])
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
		credential := v.Credentials[2*i]
		r, err := v.request(server.URL, credential, v.any().header, v.fill(v.any().body, credential))
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
	for _, p := range v.payloads() {
		body := v.fill(p.body, v.Credentials[0])
		r, err := b.request(v.Credentials[0], p)
		if err != nil {
			return err
		}
		checked, err := b.hook.Check(r, body)
		if err != nil {
			return fmt.Errorf("%s: Check: %w", p.name, err)
		}
		decoded, err := b.hook.Decode(body)
		if err != nil {
			return fmt.Errorf("%s: Endpoint.Decode: %w", p.name, err)
		}
		own, err := v.Decode(body)
		if err != nil {
			return fmt.Errorf("%s: Decode: %w", p.name, err)
		}
		known := len(p.header) == 0 && len(v.SignedHeaders) == 0 // without the headers
		switch {
		case checked.Payload == nil || own.Payload == nil:
			return fmt.Errorf("%s: no payload", p.name)
		case known && (checked.ID != decoded.ID || own.ID != "" && checked.ID != own.ID):
			return fmt.Errorf("%s: IDs differ: %s, %s, %s", p.name, checked.ID, decoded.ID, own.ID)
		case known && (checked.Type != decoded.Type || checked.Type != own.Type):
			return fmt.Errorf("%s: types differ: %s, %s, %s", p.name, checked.Type, decoded.Type, own.Type)
		case !decoded.Received.IsZero() || !own.Received.IsZero():
			return fmt.Errorf("%s: decoding sets Received", p.name)
		case reflect.TypeOf(checked.Payload) != reflect.TypeOf(own.Payload) || reflect.TypeOf(own.Payload).Kind() != reflect.Pointer:
			return fmt.Errorf("%s: payloads are of types %T and %T, want one pointer type", p.name, checked.Payload, own.Payload)
		}
		other := append(bytes.Clone(body), ' ')
		if r, err = v.request(b.server.URL, v.Credentials[0], p.header, other); err != nil {
			return err
		}
		if e, err := b.hook.Check(r, other); err != nil || v.Signed && !v.OwnIDs && e.ID == checked.ID {
			return fmt.Errorf("%s: another body has the same ID, or is refused: %v", p.name, err)
		}
	}
	return nil
}
