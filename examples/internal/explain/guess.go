package explain

import (
	"net/http"
	"strings"

	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// Guess returns the vendor that a request seems to be of, and by what.
func Guess(q *capture.Request) (v vendors.Vendor, why string, ok bool) {
	name, why := guess(q)
	v, ok = vendors.Named(name)
	return v, why, ok
}

func guess(q *capture.Request) (name, why string) {
	path, _, _ := strings.Cut(q.Target, "?")
	for _, v := range vendors.All {
		if strings.HasSuffix(path, v.Path()) {
			return v.Name, "its path"
		}
	}
	for _, vendor := range []string{relock.Vendor, loginradius.Vendor} {
		if header := signatureHeaders[vendor]; len(q.Header[http.CanonicalHeaderKey(header)]) > 0 {
			return vendor, "its header " + header
		}
	}
	if len(q.Header["Authorization"]) > 0 {
		return unloc.Vendor, "its header Authorization"
	}
	fields, _ := (&explainer{q: q}).object()
	has := func(name string) bool {
		for _, f := range fields {
			if strings.EqualFold(f.Name, name) {
				return true
			}
		}
		return false
	}
	switch {
	case has("HookName"):
		return loginradius.Vendor, "its field HookName"
	case has("event") && has("data"):
		return relock.Vendor, "its fields event and data"
	case has("lockId"):
		return unloc.Vendor, "its field lockId"
	}
	for _, f := range fields {
		if _, isID := idIn(f.Value); isID || strings.Contains(string(f.Value), "-****-") {
			return userlock.Vendor, "a GUID in its body"
		}
	}
	for name := range q.Header {
		if strings.Contains(name, "Relock") {
			return relock.Vendor, "a header"
		}
	}
	return "", ""
}
