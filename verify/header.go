package verify

import (
	"fmt"
	"net/http"
	"strings"
)

// checkEncoding refuses a body with a content coding other than identity. Empty
// list elements are none (RFC 9110, 5.6.1 and 8.4).
func checkEncoding(h http.Header) error {
	for _, line := range h["Content-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			coding = strings.Trim(coding, " \t")
			if coding != "" && !strings.EqualFold(coding, "identity") {
				return fmt.Errorf("%w: %.64q", ErrContentEncoding, line)
			}
		}
	}
	return nil
}

// canonical returns r with header keys as net/http writes them. It returns r itself
// if they are, and a copy if not.
//
// The server of net/http writes keys that way. Function services hand them over in
// any letter case. Two keys that differ in nothing else are refused: the order of
// their values is lost, and with it which of them a proxy has written.
func canonical(r *http.Request) (*http.Request, error) {
	var h http.Header
	for key := range r.Header {
		if http.CanonicalHeaderKey(key) != key {
			h = make(http.Header, len(r.Header))
			break
		}
	}
	if h == nil {
		return r, nil
	}
	for key, values := range r.Header {
		name := http.CanonicalHeaderKey(key)
		if _, ok := h[name]; ok {
			return r, fmt.Errorf("%w: header %.64q is there in two spellings", ErrBadCredential, name)
		}
		h[name] = values
	}
	r = r.WithContext(r.Context()) // a shallow copy
	r.Header = h
	return r, nil
}
