package verifytest

import (
	"bytes"
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
	for _, p := range v.payloads() {
		e, err := b.event(p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		switch {
		case e.ID == "" || e.Vendor == "" || e.Source != e.Vendor || e.Type == "" || e.Payload == nil:
			return fmt.Errorf("%s: event lacks ID, Vendor, Source, Type or Payload", p.name)
		case e.Type == event.Unknown:
			return fmt.Errorf("%s: the event is not known", p.name)
		case e.Time.IsZero() || e.Received.IsZero():
			return fmt.Errorf("%s: event lacks Time or Received", p.name)
		case !bytes.Equal(e.Raw, v.fill(p.body, v.Credentials[0])):
			return fmt.Errorf("%s: Raw is not the body", p.name)
		case len(e.Warnings) > 0:
			return fmt.Errorf("%s: warnings %v", p.name, e.Warnings)
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
	for _, p := range v.payloads() {
		r, err := b.request(v.Credentials[2], p)
		if err != nil {
			return err
		}
		if _, err := b.sendExpect(r, http.StatusUnauthorized); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	var zero verify.Endpoint
	r, err := b.request(v.Credentials[0], v.any())
	if err != nil {
		return err
	}
	if _, err := zero.Check(r, v.fill(v.any().body, v.Credentials[0])); !errors.Is(err, verify.ErrUnauthenticated) {
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
			r, err := v.request(b.server.URL, v.Credentials[0], v.any().header, v.fill(v.any().body, in))
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
	repeated := [][]string{{value, value}, {value, "x"}, {"x", value}, {value, ""}, {"", value}}
	if v.Separator == "" {
		repeated = append(repeated, []string{value + "," + value}, []string{value + ", x"})
	}
	for _, values := range repeated {
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
	if v.Header == "" {
		for _, d := range damages(v.Credentials[0], nextDigit) {
			body := v.fill(v.any().body, d.value)
			r, err := v.request(b.server.URL, v.Credentials[0], v.any().header, body)
			if err == nil {
				err = b.refuses(r, body)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
		}
		return nil
	}
	l, err := b.headerList(v.any())
	if err != nil {
		return err
	}
	other := farLetter
	if v.Hex {
		other = nextDigit
	}
	checked := 0
	for i, part := range l.parts {
		if l.ignored(i) {
			continue
		}
		checked++
		of := ""
		if v.Separator != "" {
			of = fmt.Sprintf("part %d ", i+1)
			if err := b.refuses(l.with(i), l.body); err != nil {
				return fmt.Errorf("%sleft out: %w", of, err)
			}
		}
		bad := damages(part, other)
		if changed := otherCase(part); !v.Hex && changed != part {
			bad = append(bad, damage{"with a letter of another case", changed})
		}
		for _, d := range bad {
			if err := b.refuses(l.with(i, d.value), l.body); err != nil {
				return fmt.Errorf("%s%s: %w", of, d.name, err)
			}
		}
	}
	if checked == 0 {
		return fmt.Errorf("no part of header %s is checked", v.Header)
	}
	return nil
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
	l, err := b.headerList(v.any())
	if err != nil {
		return err
	}
	for i, part := range l.parts {
		digits := strings.LastIndexAny(part, "=,: ") + 1 // behind a prefix such as "sha256="
		for _, change := range []func(string) string{strings.ToLower, strings.ToUpper} {
			if _, err := b.hook.Check(l.with(i, part[:digits]+change(part[digits:])), l.body); err != nil {
				return err
			}
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
	body := v.fill(v.any().body, v.Credentials[0])
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
