package server

import (
	"net/http"
	"strings"

	"github.com/accesshook/accesshook/verify"
)

// webhooks is the beginning of the path of every endpoint.
const webhooks = "/webhooks/"

// CleanPath has next serve //webhooks//relock as /webhooks/relock, for senders that join
// URLs badly. A ServeMux would redirect them, which webhook senders do not follow. All
// else is passed on as it is, also a path that is only below /webhooks once it is
// unescaped: what a proxy in front does not let through must have one spelling.
func CleanPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawPath == "" && strings.Contains(r.URL.Path, "//") {
			if path := singleSlashes(r.URL.Path); strings.HasPrefix(path, webhooks) {
				clean, u := *r, *r.URL
				u.Path, clean.URL = path, &u
				r = &clean
			}
		}
		next.ServeHTTP(w, r)
	})
}

func singleSlashes(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if path[i] != '/' || i == 0 || path[i-1] != '/' {
			b.WriteByte(path[i])
		}
	}
	return b.String()
}

// NotFound answers 404, and counts that. Below /webhooks it also logs which of paths the
// sender may have meant, with the client that by tells. Nil: the peer.
func (s *Server) NotFound(paths []string, by verify.ClientIP) http.Handler {
	if by == nil {
		by = verify.RemoteAddr
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.counts.countUnknown()
		// Percent-encoded, so that it has neither control nor bidirectional characters.
		if path := cutText(r.URL.EscapedPath()); strings.HasPrefix(path+"/", webhooks) {
			attrs := []any{"path", path, "nearest", nearest(path, paths)}
			if client, err := by(r); err == nil {
				attrs = append(attrs, "client", client.String())
			}
			s.unknown.warn("no endpoint has this path", attrs...)
		}
		http.NotFound(w, r)
	})
}

// nearest returns the path that fewest changes of single bytes turn into path.
func nearest(path string, paths []string) string {
	best, least := "", 0
	for _, p := range paths {
		if d := distance(path, p); best == "" || d < least {
			best, least = p, d
		}
	}
	return best
}

// distance returns how many bytes must be inserted, deleted or replaced to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // from a[:i] to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
