package verifytest

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// refusesChangedHeaders changes the headers that are signed: with another ID or
// timestamp, a recorded request would be another event.
func refusesChangedHeaders(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	body := v.fill(v.any().body, v.Credentials[0])
	for _, name := range v.SignedHeaders {
		r, err := b.request(v.Credentials[0], v.any())
		if err != nil {
			return err
		}
		key := http.CanonicalHeaderKey(name)
		value := r.Header.Get(key)
		if value == "" {
			return fmt.Errorf("NewRequest sets no header %s", name)
		}
		if _, err := b.hook.Check(r, body); err != nil {
			return fmt.Errorf("a genuine request: %w", err)
		}
		with := func(values ...string) error {
			r := r.Clone(r.Context())
			r.Header[key] = values
			return b.refuses(r, body)
		}
		for _, values := range [][]string{{}, {""}, {" "}, {value, value}, {value, "x"}, {"x", value}, {value, ""}} {
			if err := with(values...); err != nil {
				return fmt.Errorf("header %s with %d values: %w", name, len(values), err)
			}
		}
		for _, d := range damages(value, nextDigit) {
			if err := with(d.value); err != nil {
				return fmt.Errorf("header %s %s: %w", name, d.name, err)
			}
		}
	}
	return nil
}

// refusesMovedBytes checks that what is signed falls into its parts in one way only.
// Otherwise the bytes between an ID and the body can be moved from one to the other,
// and the signature remains right.
func refusesMovedBytes(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	timestamp := seconds(time.Now())
	for _, name := range v.SignedHeaders {
		for _, separator := range []string{"", ".", ":", ",", "|", "-", "_", "/", ";", " "} {
			for _, between := range []string{"", timestamp + separator} {
				body := []byte(`{"moved":"a` + separator + between + `b"}`)
				r, err := b.requestAt(timestamp, payload{body: body})
				if err != nil {
					return err
				}
				if _, err := b.hook.Check(r, body); err != nil {
					return fmt.Errorf("a genuine request: %w", err)
				}
				start := bytes.IndexByte(body, 'a') + 1
				r.Header.Set(name, r.Header.Get(name)+separator+between+string(body[:start]))
				if err := b.refuses(r, body[start+len(separator)+len(between):]); err != nil {
					return fmt.Errorf("header %s, with %q between it and the body: %w", name, separator, err)
				}
			}
		}
	}
	return nil
}

// refusesOutsideWindow signs other times than now.
func refusesOutsideWindow(v Vendor) error {
	if v.Window == 0 {
		return nil
	}
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	body := v.fill(v.any().body, v.Credentials[0])
	check := func(timestamp string) (accepted bool, err error) {
		r, err := b.requestAt(timestamp, v.any())
		if err != nil {
			return false, err
		}
		_, err = b.hook.Check(r, body)
		if err == nil {
			return true, nil
		}
		return false, b.refuses(r, body)
	}
	const decade = 10 * 365 * 24 * time.Hour
	for _, c := range []struct {
		name  string
		at    time.Duration
		right bool
	}{
		{"half the window ago", -v.Window / 2, true},
		{"half the window ahead", v.Window / 2, true},
		{"2 seconds longer ago than the window", -v.Window - 2*time.Second, false},
		{"twice the window ahead", 2*v.Window + 2*time.Second, false},
		{"ten years and the window ago", -v.Window - decade, false},
		{"ten years and the window ahead", v.Window + decade, false},
	} {
		for {
			now := time.Now()
			accepted, err := check(seconds(now.Add(c.at)))
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if time.Since(now) > v.Window/4 {
				continue // the machine was held up, and it is another time by now
			}
			if accepted != c.right {
				return fmt.Errorf("a timestamp %s: accepted is %t, want %t", c.name, accepted, c.right)
			}
			break
		}
	}
	if err := refusesRefreshed(b); err != nil {
		return err
	}
	for _, timestamp := range []string{
		"", "0", "-1", "x", "now", "NaN", "Inf", "1e400", "0x7fffffff", "99999999999999999999", "253402300800", "-62135596801",
	} {
		accepted, err := check(timestamp)
		if err != nil {
			return fmt.Errorf("the timestamp %q: %w", timestamp, err)
		}
		if accepted {
			return fmt.Errorf("the timestamp %q, which is not the present, is accepted", timestamp)
		}
	}
	return nil
}

// refusesRefreshed adds to the list of an old request each part of a new one: what is
// signed and what is compared with the time must be the same timestamp.
func refusesRefreshed(b *bench) error {
	v, p := b.v, b.v.any()
	if v.Separator == "" {
		return nil
	}
	recorded, err := b.requestAt(seconds(time.Now().Add(-v.Window-time.Minute)), p)
	if err != nil {
		return err
	}
	fresh, err := b.requestAt(seconds(time.Now()), p)
	if err != nil {
		return err
	}
	old := recorded.Header.Get(v.Header)
	for part := range strings.SplitSeq(fresh.Header.Get(v.Header), v.Separator) {
		for _, value := range []string{old + v.Separator + part, part + v.Separator + old} {
			recorded.Header.Set(v.Header, value)
			if err := b.refuses(recorded, v.fill(p.body, v.Credentials[0])); err != nil {
				return fmt.Errorf("an old request with a part of a new one in header %s: %w", v.Header, err)
			}
		}
	}
	return nil
}

// requestAt is request with a signed timestamp, if the vendor signs one.
func (b *bench) requestAt(timestamp string, p payload) (*http.Request, error) {
	return b.v.requestAt(timestamp, b.server.URL, b.v.Credentials[0], p.header, b.v.fill(p.body, b.v.Credentials[0]))
}
