package verifytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func acceptsGenuine(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for name, payload := range v.Payloads {
		a, err := b.expectBody(payload, http.StatusOK)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if len(a.events) != 1 {
			return fmt.Errorf("%s: %d events, want 1", name, len(a.events))
		}
		e := a.events[0]
		switch {
		case e.ID == "" || e.Vendor == "" || e.Source != e.Vendor || e.Type == "" || e.Payload == nil:
			return fmt.Errorf("%s: event lacks ID, Vendor, Source, Type or Payload", name)
		case e.Type == event.Unknown:
			return fmt.Errorf("%s: the event is not known", name)
		case e.Time.IsZero() || e.Received.IsZero():
			return fmt.Errorf("%s: event lacks Time or Received", name)
		case !bytes.Equal(e.Raw, v.fill(payload, v.Credentials[0])):
			return fmt.Errorf("%s: Raw is not the body", name)
		case len(e.Warnings) > 0:
			return fmt.Errorf("%s: warnings %v", name, e.Warnings)
		}
	}
	return nil
}

func acceptsRotation(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for i, credential := range v.Credentials[:2] {
		r, err := b.request(credential, v.any())
		if err != nil {
			return err
		}
		if _, err := b.sendExpect(r, http.StatusOK); err != nil {
			return fmt.Errorf("credential %d: %w", i+1, err)
		}
	}
	b.server.Close() // waits for what is observed after the answer
	if len(b.observed) != 2 || b.observed[0].Credential == "" || b.observed[0].Credential == b.observed[1].Credential {
		return errors.New("the label does not tell which credential matched")
	}
	return nil
}

func refusesOther(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for name, payload := range v.Payloads {
		r, err := b.request(v.Credentials[2], payload)
		if err != nil {
			return err
		}
		if _, err := b.sendExpect(r, http.StatusUnauthorized); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	var zero verify.Endpoint
	r, err := b.request(v.Credentials[0], v.any())
	if err != nil {
		return err
	}
	if _, err := zero.Check(r, v.fill(v.any(), v.Credentials[0])); !errors.Is(err, verify.ErrUnauthenticated) {
		return fmt.Errorf("a zero Endpoint said %v, want %v", err, verify.ErrUnauthenticated)
	}
	return nil
}

func refusesMissing(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	if v.Header == "" {
		for _, in := range []string{"", "null", "unset"} {
			r, err := v.NewRequest(context.Background(), b.server.URL, v.Credentials[0], v.fill(v.any(), in))
			if err != nil {
				return err
			}
			if _, err := b.sendExpect(r, http.StatusUnauthorized); err != nil {
				return fmt.Errorf("%q for the credential: %w", in, err)
			}
		}
		return nil
	}
	for _, values := range [][]string{nil, {""}, {" "}} {
		r, err := b.request(v.Credentials[0], v.any())
		if err != nil {
			return err
		}
		if r.Header.Get(v.Header) == "" {
			return fmt.Errorf("NewRequest sets no header %s", v.Header)
		}
		r.Header.Del(v.Header)
		if values != nil {
			r.Header[http.CanonicalHeaderKey(v.Header)] = values
		}
		if _, err := b.sendExpect(r, http.StatusUnauthorized); err != nil {
			return fmt.Errorf("header %q: %w", values, err)
		}
	}
	return nil
}

func refusesRepeated(v Vendor) error {
	if v.Header == "" {
		return nil
	}
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	good, err := b.request(v.Credentials[0], v.any())
	if err != nil {
		return err
	}
	value := good.Header.Get(v.Header)
	for _, values := range [][]string{{value, value}, {value, "x"}, {"x", value}, {value + "," + value}, {value + ", x"}} {
		r, err := b.request(v.Credentials[0], v.any())
		if err != nil {
			return err
		}
		r.Header[http.CanonicalHeaderKey(v.Header)] = values
		if _, err := b.sendExpect(r, http.StatusUnauthorized); err != nil {
			return fmt.Errorf("%d values: %w", len(values), err)
		}
	}
	return nil
}

func refusesDamaged(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for name, damage := range damages {
		var r *http.Request
		if v.Header == "" {
			r, err = v.NewRequest(context.Background(), b.server.URL, v.Credentials[0], v.fill(v.any(), damage(v.Credentials[0])))
		} else if r, err = b.request(v.Credentials[0], v.any()); err == nil {
			r.Header.Set(v.Header, damage(r.Header.Get(v.Header)))
		}
		if err != nil {
			return err
		}
		if _, err := b.sendExpect(r, http.StatusUnauthorized); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if v.Hex || v.Header == "" {
		return nil
	}
	r, err := b.request(v.Credentials[0], v.any())
	if err != nil {
		return err
	}
	r.Header.Set(v.Header, flipLetter(r.Header.Get(v.Header)))
	if _, err := b.sendExpect(r, http.StatusUnauthorized); err != nil {
		return fmt.Errorf("with a letter of another case: %w", err)
	}
	return nil
}

// flipLetter changes the case of the last letter, which is in the credential.
func flipLetter(s string) string {
	b := []byte(s)
	for i := len(b) - 1; i >= 0; i-- {
		if c := b[i] | 0x20; 'a' <= c && c <= 'z' {
			b[i] ^= 0x20
			break
		}
	}
	return string(b)
}

var damages = map[string]func(string) string{
	"without the last character":  func(s string) string { return s[:len(s)-1] },
	"without the first character": func(s string) string { return s[1:] },
	"one half":                    func(s string) string { return s[:len(s)/2] },
	"twice":                       func(s string) string { return s + s },
	"with a character more":       func(s string) string { return s + "0" },
	"backwards": func(s string) string {
		b := []byte(s)
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
		return string(b)
	},
	"with a prefix":          func(s string) string { return "sha256=" + s },
	"with a letter replaced": func(s string) string { return s[:len(s)-1] + string(s[len(s)-1]^1) },
}

func acceptsHexCase(v Vendor) error {
	if !v.Hex {
		return nil
	}
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for _, change := range []func(string) string{strings.ToLower, strings.ToUpper} {
		r, err := b.request(v.Credentials[0], v.any())
		if err != nil {
			return err
		}
		value := r.Header.Get(v.Header)
		digits := strings.LastIndexByte(value, '=') + 1 // behind a prefix such as "sha256="
		r.Header.Set(v.Header, value[:digits]+change(value[digits:]))
		if _, err := b.sendExpect(r, http.StatusOK); err != nil {
			return err
		}
	}
	return nil
}

func refusesFlippedBits(v Vendor) error {
	if !v.Signed {
		return nil
	}
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	r, err := b.request(v.Credentials[0], v.any())
	if err != nil {
		return err
	}
	body := bytes.Clone(v.any())
	if err := b.hook.Verify(r, body); err != nil {
		return fmt.Errorf("the body as it is: %w", err)
	}
	for i := range body {
		for bit := range 8 {
			body[i] ^= 1 << bit
			if err := b.hook.Verify(r, body); !errors.Is(err, verify.ErrUnauthenticated) {
				return fmt.Errorf("bit %d of byte %d flipped: %v", bit, i, err)
			}
			body[i] ^= 1 << bit
		}
	}
	for name, body := range map[string][]byte{
		"empty": nil, "shorter": body[:len(body)-1], "longer": append(bytes.Clone(body), ' '),
	} {
		if err := b.hook.Verify(r, body); !errors.Is(err, verify.ErrUnauthenticated) {
			return fmt.Errorf("body made %s: %v", name, err)
		}
	}
	return nil
}

// masked is a credential as an encoding that hides it gives it back.
func masked(credential string) (s event.Secret) {
	text, _ := event.NewSecret(credential).MarshalText()
	_ = s.UnmarshalText(text)
	return s
}

func refusesWeak(v Vendor) error {
	good := v.Credentials[0]
	for name, list := range map[string][]event.Secret{
		"no credentials":       nil,
		"a masked one":         {masked(good)},
		"an empty one":         event.Secrets(""),
		"an empty one of two":  event.Secrets(good, ""),
		"a blank one":          event.Secrets("   "),
		"a tab":                event.Secrets("\t"),
		"a final newline":      event.Secrets(good + "\n"),
		"a leading space":      event.Secrets(" " + good),
		"a final space":        event.Secrets(good + " "),
		"a byte order mark":    event.Secrets("\ufeff" + good),
		"a control character":  event.Secrets(good[:1] + "\x00" + good[1:]),
		"a no-break space end": event.Secrets(good + "\u00a0"),
	} {
		if hook, err := v.New(list, verify.Config{}); err == nil || hook != nil {
			return fmt.Errorf("a constructor (New) accepted %s", name)
		} else if strings.Contains(err.Error(), good) {
			return fmt.Errorf("the constructor's error about %s holds the credential", name)
		}
		if _, err := v.NewVerifier(list...); err == nil {
			return fmt.Errorf("a constructor (NewVerifier) accepted %s", name)
		}
	}
	return nil
}

func swapsVerifiers(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	try := func(credential string, status int) error {
		r, err := b.request(credential, v.any())
		if err != nil {
			return err
		}
		_, err = b.sendExpect(r, status)
		return err
	}
	other, err := v.NewVerifier(event.NewSecret(v.Credentials[2]))
	if err != nil {
		return err
	}
	b.hook.SetVerifier(other)
	if err := errors.Join(try(v.Credentials[0], 401), try(v.Credentials[2], 200)); err != nil {
		return fmt.Errorf("after SetVerifier: %w", err)
	}
	b.hook.SetVerifier(nil)
	if err := errors.Join(try(v.Credentials[0], 401), try(v.Credentials[2], 401)); err != nil {
		return fmt.Errorf("after SetVerifier(nil): %w", err)
	}
	return nil
}
