package verifytest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func refusesMethods(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"} {
		r, err := b.request(v.Credentials[0], v.any())
		if err != nil {
			return err
		}
		r.Method = method
		a, err := b.sendExpect(r, http.StatusMethodNotAllowed)
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		if a.header.Get("Allow") != "POST" {
			return fmt.Errorf("%s: answered with Allow %q", method, a.header.Get("Allow"))
		}
	}
	return nil
}

func refusesEncoding(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for _, encoding := range []string{"", "identity", "Identity, identity"} {
		r, err := b.request(v.Credentials[0], v.any())
		if err != nil {
			return err
		}
		r.Header.Set("Content-Encoding", encoding)
		if _, err := b.sendExpect(r, http.StatusOK); err != nil {
			return fmt.Errorf("%q: %w", encoding, err)
		}
	}
	for _, encoding := range []string{"gzip", "identity, gzip", "br, gzip"} {
		r, err := b.request(v.Credentials[0], v.any())
		if err != nil {
			return err
		}
		r.Header.Set("Content-Encoding", encoding)
		if _, err := b.sendExpect(r, http.StatusUnsupportedMediaType); err != nil {
			return fmt.Errorf("%s: %w", encoding, err)
		}
	}
	return nil
}

func boundsSize(v Vendor) error {
	body := v.fill(v.any().body, v.Credentials[0])
	b, err := v.bench(func(c *verify.Config) { c.MaxBody = int64(len(body)) })
	if err != nil {
		return err
	}
	defer b.close()
	if _, err := b.expect(v.any(), http.StatusOK); err != nil {
		return fmt.Errorf("a body of exactly MaxBody: %w", err)
	}
	larger := append(bytes.Clone(body), ' ')
	r, err := b.request(v.Credentials[0], payload{body: larger})
	if err != nil {
		return err
	}
	if _, err := b.hook.Check(r, larger); !errors.Is(err, verify.ErrBodyTooLarge) {
		return fmt.Errorf("Check said %v, want %v", err, verify.ErrBodyTooLarge)
	}
	for name, text := range map[string]string{
		// Nothing behind the declaration: the answer must not wait for it.
		"declared": head(r) + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(larger)),
		"chunked":  head(r) + fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(larger), larger),
	} {
		start := time.Now()
		a, err := b.raw(text, true)
		if err == nil {
			err = a.expect(http.StatusRequestEntityTooLarge)
		}
		if err != nil {
			return fmt.Errorf("one byte more, %s: %w", name, err)
		}
		if !a.closed {
			return fmt.Errorf("one byte more, %s: the connection stays open", name)
		}
		if time.Since(start) > 5*time.Second {
			return fmt.Errorf("one byte more, %s: answered only after %s", name, time.Since(start))
		}
	}
	return nil
}

func boundsTime(v Vendor) error {
	b, err := v.bench(func(c *verify.Config) { c.BodyTimeout = 50 * time.Millisecond })
	if err != nil {
		return err
	}
	defer b.close()
	r, err := b.request(v.Credentials[0], v.any())
	if err != nil {
		return err
	}
	body := v.fill(v.any().body, v.Credentials[0])
	text := head(r) + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body[:len(body)/2])
	a, err := b.raw(text, true)
	if err == nil {
		err = a.expect(http.StatusRequestTimeout)
	}
	if err != nil {
		return fmt.Errorf("half a body: %w", err)
	}
	// A refusal is not held up by a body that never comes either.
	for name, c := range map[string]struct {
		head   string
		status int
	}{
		"another method":     {strings.Replace(head(r), "POST", "PUT", 1), http.StatusMethodNotAllowed},
		"a content encoding": {head(r) + "Content-Encoding: gzip\r\n", http.StatusUnsupportedMediaType},
	} {
		if a, err = b.raw(c.head+"Content-Length: 1000\r\n\r\n", true); err == nil {
			err = a.expect(c.status)
		}
		if err != nil {
			return fmt.Errorf("%s and no body: %w", name, err)
		}
	}
	if a, err = b.raw(text, false); err == nil {
		err = a.expect(http.StatusBadRequest)
	}
	if err != nil {
		return fmt.Errorf("a body that breaks off: %w", err)
	}
	return nil
}

func refusesNoObject(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	id := `"` + Placeholder + `"`
	for _, body := range []string{
		"", " ", "null", "true", "42", `"text"`, "[]", "[{}]", "{", "}", "{} {}", `{"a":1,}`, `{a:1}`, `{"a":01}`, "\x00", "<xml/>", "a=b&c=d",
		`["id",` + id + `]`, `{"id":` + id, `{"id":` + id + `} x`, id,
	} {
		if err := b.undecodable([]byte(body), v.unreadable([]byte(body))); err != nil {
			return fmt.Errorf("%.40q: %w", body, err)
		}
	}
	return nil
}

func boundsNesting(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	nest := func(open, end string, n int) []byte {
		return []byte(`{"id":"` + Placeholder + `","x":` + strings.Repeat(open, n) + "1" + strings.Repeat(end, n) + "}")
	}
	if _, err := b.expect(payload{body: nest("[", "]", 60)}, http.StatusOK); err != nil {
		return fmt.Errorf("60 levels: %w", err)
	}
	for _, n := range []int{64, 65, 10_000} {
		if err := b.undecodable(nest("[", "]", n), v.ambiguous()); err != nil {
			return fmt.Errorf("%d arrays in an object: %w", n, err)
		}
		if err := b.undecodable(nest(`{"y":`, "}", n), v.ambiguous()); err != nil {
			return fmt.Errorf("%d objects in an object: %w", n, err)
		}
	}
	return nil
}

func acceptsUnknown(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	e, err := b.event(v.unknown())
	if err != nil {
		return err
	}
	if e.Type != event.Unknown || e.VendorType == "" || e.Payload == nil {
		return errors.New("want an event of type unknown with VendorType and Payload")
	}
	if e, err = b.event(payload{body: []byte(`{"id":"` + Placeholder + `"}`)}); err != nil {
		return fmt.Errorf("an object without anything known: %w", err)
	}
	switch signed := len(v.SignedHeaders) > 0 || v.Window != 0; {
	case e.Type != event.Unknown || e.Time.IsZero():
		return errors.New("an object without anything known: want an event of type unknown, with a time")
	case !signed && !e.Time.Equal(e.Received):
		return errors.New("an object without anything known: want the time it was received")
	}
	return nil
}
