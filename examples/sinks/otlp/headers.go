package otlp

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"github.com/accesshook/accesshook/event"
)

var (
	headerName  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")
	headerValue = regexp.MustCompile(`^[!-~]([ -~]*[!-~])?$`)
)

// ownHeaders are what the sink or the transport sets.
var ownHeaders = []string{
	"Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Host", "Trailer", "Transfer-Encoding", "User-Agent",
}

// checkHeaders returns a copy with the names as package http writes them. An error has no
// more of a header than its name.
func checkHeaders(headers map[string]event.Secret) (map[string]event.Secret, error) {
	checked := make(map[string]event.Secret, len(headers))
	for given, value := range headers {
		if !headerName.MatchString(given) {
			return nil, fmt.Errorf("%s: Config.Headers has a name that is none of a header", name)
		}
		canonical := http.CanonicalHeaderKey(given)
		text, ok := value.Reveal()
		_, twice := checked[canonical]
		switch {
		case slices.Contains(ownHeaders, canonical):
			return nil, fmt.Errorf("%s: Config.Headers has %s, which is set otherwise", name, canonical)
		case twice:
			return nil, fmt.Errorf("%s: Config.Headers has %s twice", name, canonical)
		case !ok:
			return nil, fmt.Errorf("%s: Config.Headers: %s is empty or masked", name, canonical)
		case !headerValue.MatchString(text):
			return nil, fmt.Errorf("%s: Config.Headers: %s has characters other than visible ASCII, or spaces at its ends", name, canonical)
		}
		checked[canonical] = value
	}
	return checked, nil
}
