package page

import (
	"crypto/subtle"
	"io"
	"net/http"
	"strings"
)

// TokenHeader is the header in which the page sends its token.
const TokenHeader = "X-Accesshook-Token"

// RequireToken guards an API that changes something, such as that of the dead letters.
// An unsafe method from a browser needs the token of the page, which pages of other sites
// cannot read. Requests without an Origin and a Sec-Fetch header are from no browser, and
// pass. So do GET, HEAD and OPTIONS, which must change nothing.
func (p *Page) RequireToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if unsafe(r.Method) && fromBrowser(r) && !p.hasToken(r) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"error":"the token of the page is missing or old: load the page again"}`+"\n")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

func fromBrowser(r *http.Request) bool {
	for name := range r.Header {
		if name == "Origin" || strings.HasPrefix(name, "Sec-Fetch-") {
			return true
		}
	}
	return false
}

func (p *Page) hasToken(r *http.Request) bool {
	values := r.Header[TokenHeader]
	return len(values) == 1 && subtle.ConstantTimeCompare([]byte(values[0]), []byte(p.token)) == 1
}
