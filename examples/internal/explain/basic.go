package explain

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// basic looks at a request with Basic authentication.
func (x *explainer) basic() {
	sent, fault := x.authorization()
	x.size()
	able := x.configured("user and password")
	switch {
	case x.masked("Authorization"):
		return
	case x.verdict.verified():
		x.step(true, "User and password are right: %s.", x.verdict.credential)
		return
	case able && fault == "":
		x.step(false, "User and password match no credential (401). Tried: %d.", len(x.credentials.Credentials))
	}
	x.Cause = join(x.Cause, fault)
	if fault != "" {
		x.Advice = "Register the URL with user:password@ before the host, and look whether a proxy removes or replaces the Authorization header."
	}
	if sent == "" || x.verdict.err == errNone {
		return
	}
	if text, advice := x.searchPair(sent); text != "" {
		x.Cause, x.Advice = join(x.Cause, text), advice
		return
	}
	if fault == "" {
		x.blame("", "None of the usual causes makes the credential match. Compare the URL that is registered with what the receiver has.")
		user, _, _ := strings.Cut(sent, ":")
		for i, c := range x.credentials.Credentials {
			if c.User == user {
				x.blame(fmt.Sprintf("The user is that of credential %d, and the password is another one.", i+1),
					"Register the URL with the password that the receiver has, or set that of the URL.")
			}
		}
	}
}

var userInURL = regexp.MustCompile(`^[a-z]+://[^/@]+@`)

// authorization looks at the Authorization header, as an endpoint does. It returns what it
// has, decoded if that can be done, and what is wrong with it.
func (x *explainer) authorization() (sent, fault string) {
	refuse := func(format string, args ...any) (string, string) {
		fault := fmt.Sprintf(format, args...)
		x.step(false, "%s (401)", fault)
		return sent, fault
	}
	values := x.q.Header["Authorization"]
	if len(values) == 0 {
		for _, name := range []string{"Proxy-Authorization", "X-Authorization", "X-Forwarded-Authorization", "X-Original-Authorization"} {
			if len(x.q.Header[name]) > 0 {
				return refuse("There is no Authorization header. There is %s, as if a proxy had renamed it.", name)
			}
		}
		switch {
		case userInURL.MatchString(x.q.Target):
			return refuse("There is no Authorization header, although the URL has a user.")
		case len(x.q.Names) == 0:
			return refuse("There is no Authorization header. The capture has no header at all: give it with -header.")
		}
		return refuse("There is no Authorization header. Some senders add it only after a first answer of 401: then another request follows.")
	}
	scheme, text, found := strings.Cut(values[0], " ")
	text = strings.Trim(text, " ")
	pair, err := base64.StdEncoding.DecodeString(text)
	isPair := err == nil && strings.Contains(string(pair), ":")
	if isPair {
		sent = string(pair)
	}
	switch other, ok := decodeBase64(text); {
	case len(values) > 1:
		return refuse("The Authorization header is there %d times.", len(values))
	case strings.Trim(values[0], " ") == "":
		return refuse("The Authorization header is empty.")
	case !found || !strings.EqualFold(scheme, "Basic"):
		if bare, ok := decodeBase64(scheme); !found && ok && strings.Contains(bare, ":") {
			sent = bare
			return refuse("The Authorization header has no scheme before its base64.")
		}
		for _, known := range []string{"Bearer", "Digest", "Negotiate", "NTLM"} {
			if strings.EqualFold(scheme, known) {
				return refuse("The Authorization header has the scheme %s, not Basic.", known)
			}
		}
		return refuse("The Authorization header does not begin with Basic.")
	case strings.Trim(text, "*") == "" || strings.HasPrefix(text, "["):
		sent = ""
		return refuse("The Authorization header is masked.")
	case err != nil && strings.Contains(text, ":"):
		sent = text
		return refuse("The Authorization header has user and password as they are, not in base64.")
	case err != nil && ok && strings.Contains(other, ":"):
		sent = other
		return refuse("The Authorization header has base64 without padding or of the alphabet of URLs.")
	case err != nil:
		return refuse("What follows Basic in the Authorization header is not base64.")
	case !isPair:
		if twice, ok := decodeBase64(string(pair)); ok && strings.Contains(twice, ":") {
			sent = string(pair)
		}
		return refuse("The Authorization header has no colon between user and password.")
	}
	x.step(true, "The Authorization header is there once, with the scheme Basic, a user and a password.")
	return sent, ""
}

// searchPair looks for a mistake that makes what was sent of a credential.
func (x *explainer) searchPair(sent string) (text, advice string) {
	name := x.vendor.Variable.Name
	type candidate struct {
		text, value string
	}
	var found []candidate
	own := revealed(x.credentials)
	if len(own) > maxEntries {
		own = own[:maxEntries]
	}
	for i, pair := range own {
		label := fmt.Sprintf("credential %d", i+1)
		found = append(found, candidate{label, pair})
		once := pairs(pair)
		for _, s := range once {
			found = append(found, candidate{label + " " + s.how, s.value})
		}
		for _, s := range once {
			const cost = 16 << 10 // as long as it takes to hash that
			if x.budget -= cost; x.budget < 0 {
				break
			}
			for _, t := range pairs(s.value) {
				found = append(found, candidate{label + " " + s.how + ", and " + t.how, t.value})
			}
		}
		if i+1 < len(own) {
			found = append(found, candidate{fmt.Sprintf("credentials %d and %d joined with a comma, which separates credentials in %s: use %s_FILE", i+1, i+2, name, name), pair + "," + own[i+1]})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return strings.Count(a.text, ", and ") - strings.Count(b.text, ", and ") })
	for _, c := range found {
		if c.value == sent {
			return "What was sent is " + c.text + ".", fmt.Sprintf("Make both sides the same: the URL that is registered, and %s. In a URL a character such as @ is written %%40, and nowhere else.", name)
		}
	}
	_, password, _ := strings.Cut(sent, ":")
	for _, o := range x.others {
		for i, entry := range revealed(o.Values) {
			_, of, _ := strings.Cut(entry, ":")
			if entry == sent || entry == password || o.vendor.Variable.Pairs && of == password {
				return fmt.Sprintf("What was sent is entry %d of %s, which is for another vendor.", i+1, o.vendor.Variable.Name), "The credentials of two vendors are mixed up."
			}
		}
	}
	return "", ""
}

// pairs returns how user:password is written by mistake.
func pairs(pair string) []spelling {
	user, password, _ := strings.Cut(pair, ":")
	all := []spelling{{"with user and password swapped", password + ":" + user}}
	for _, s := range spellings(password) {
		all = append(all, spelling{"with the password " + s.how, user + ":" + s.value})
	}
	for _, s := range spellings(user) {
		all = append(all, spelling{"with the user " + s.how, s.value + ":" + password})
	}
	for _, s := range spellings(pair) {
		all = append(all, spelling{s.how, s.value})
	}
	info := url.UserPassword(user, password).String()
	all = append(all, spelling{"with %-escapes, as in a URL", info}, spelling{"without its password", user + ":"}, spelling{"without its user", ":" + password})
	if u, err := url.Parse("http://" + pair + "@h"); err == nil && u.User != nil {
		p, _ := u.User.Password()
		all = append(all, spelling{"with its %-escapes decoded", u.User.Username() + ":" + p})
	}
	return slices.DeleteFunc(all, func(s spelling) bool { return s.value == pair })
}
