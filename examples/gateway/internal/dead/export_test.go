package dead

import "net/http"

type transport func(*http.Request) *http.Response

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r), nil }

// SetTransport has s, which Ask returned, ask f.
func SetTransport(s Source, f func(*http.Request) *http.Response) {
	s.(*client).http.Transport = transport(f)
}
