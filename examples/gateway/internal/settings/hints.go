package settings

import (
	"cmp"
	"flag"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// maxDistance is by how many letters a name may differ from the one that was meant.
const maxDistance = 2

// foreign matches the variables that Kubernetes sets for a service called gateway, or
// gateway-something, and one of CGI.
var foreign = regexp.MustCompile(`^GATEWAY_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_[A-Z0-9_]+)?)$|^GATEWAY_INTERFACE$`)

// secretLike matches names of variables that hold secrets.
var secretLike = regexp.MustCompile(`SECRET|KEY|TOKEN|PASS|CRED|_IDS?(_|$)`)

// Hints returns a message for each variable of environ, as [os.Environ] returns it, that
// looks like one of the gateway's and is not read. It does not contain the value.
func Hints(environ []string) (hints []string) {
	var names []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if runtime.GOOS == "windows" { // where case does not matter
			name = strings.ToUpper(name)
		}
		names = append(names, name)
	}
	secrets := secretVariables()
	ours := slices.Clone(secrets)
	join(new(Settings).groups()).VisitAll(func(f *flag.Flag) { ours = append(ours, variable(f.Name)) })
	for _, name := range names {
		upper := strings.ToUpper(name)
		if slices.Contains(ours, name) || foreign.MatchString(upper) {
			continue
		}
		meant := cmp.Or(nearest(ours, upper), nearest(secrets, strings.TrimPrefix(upper, prefix+"_")), unset(secrets, names, upper))
		switch {
		case meant != "":
			hints = append(hints, fmt.Sprintf("%s is not read: did you mean %s?", name, meant))
		case strings.HasPrefix(upper, prefix+"_"):
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

// unset returns the one of secrets whose first word name has too, such as RELOCK_SECRETS
// for RELOCK_WEBHOOK_KEY, or "" if name is not that of a secret or one of them is set.
func unset(secrets, names []string, name string) string {
	word, _, _ := strings.Cut(name, "_")
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return !strings.HasPrefix(s, word+"_") })
	isSet := slices.ContainsFunc(secrets, func(s string) bool { return slices.Contains(names, s) })
	if len(secrets) == 0 || isSet || !secretLike.MatchString(name) {
		return ""
	}
	return secrets[0]
}
