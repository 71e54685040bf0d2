package settings

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// maxDistance is by how many letters a name may differ from the one that was meant.
const maxDistance = 2

// foreign matches the variables that Kubernetes sets for a service called gateway, or
// gateway-something, and one of CGI.
var foreign = regexp.MustCompile(`^GATEWAY_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_[A-Z0-9_]+)?)$|^GATEWAY_INTERFACE$`)

// Hints returns a message for each variable of environ, as [os.Environ] returns it, that
// looks like one of the gateway's and is not read. It does not contain the value.
func Hints(environ []string) (hints []string) {
	ours := secretVariables()
	join(new(Settings).groups()).VisitAll(func(f *flag.Flag) { ours = append(ours, variable(f.Name)) })
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		if slices.Contains(ours, name) || foreign.MatchString(upper) {
			continue
		}
		if meant := nearest(ours, upper); meant != "" {
			hints = append(hints, fmt.Sprintf("%s is not read: did you mean %s?", name, meant))
		} else if strings.HasPrefix(upper, prefix+"_") {
			hints = append(hints, name+" is not read: it is not the variable of a flag")
		}
	}
	return hints
}

// nearest returns the one of ours that differs least from name, or "" if all differ by
// more than maxDistance.
func nearest(ours []string, name string) (best string) {
	least := maxDistance + 1
	for _, o := range ours {
		if d := levenshtein.ComputeDistance(o, name); d < least {
			best, least = o, d
		}
	}
	return best
}
