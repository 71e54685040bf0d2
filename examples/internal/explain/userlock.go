package explain

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/explain/rewrite"
	"github.com/accesshook/accesshook/userlock"
)

// bodyID looks at a request with a UserLock ID in its body.
func (x *explainer) bodyID() {
	x.size()
	fields, isObject := x.object()
	ids := x.ids()
	if !x.configured("UserLock ID") {
		x.sayIDs(fields)
		return
	}
	if x.verdict.verified() {
		where := ""
		for _, f := range fields {
			if id, ok := idIn(f.Value); ok && slices.Contains(ids, id) {
				where = fmt.Sprintf(" It is in the field %q.", x.shown(f.Name, 64))
				break
			}
		}
		x.step(true, "The body has %s.%s", x.verdict.credential, where)
		return
	}
	if x.masked("body") {
		return
	}
	switch {
	case !isObject:
		x.step(false, "The body is not a JSON object, and no string in it is an accepted UserLock ID (401). Accepted: %d.", len(ids))
	case ambiguous(fields):
		x.step(false, "The body has a field twice, so no UserLock ID is taken from it (401).")
		x.blame("The body has a field twice: two programs could read it in two ways.", "It does not come from UserLock as it is. Look who has changed it.")
	default:
		x.step(false, "No field of the body is an accepted UserLock ID (401). Accepted: %d.", len(ids))
	}
	x.sayIDs(fields)
	x.blameID(fields, ids)
}

func ambiguous(fields []rewrite.Field) bool {
	seen := make(map[string]bool)
	for _, f := range fields {
		if seen[f.Name] {
			return true
		}
		seen[f.Name] = true
	}
	return false
}

// object returns the fields of the body.
func (x *explainer) object() ([]rewrite.Field, bool) {
	text, ok := rewrite.Parse(bytes.TrimPrefix(x.q.Body, bom))
	if !ok {
		return nil, false
	}
	return text.Fields()
}

// ids are the digits of the IDs that are configured.
func (x *explainer) ids() []string {
	var all []string
	for _, s := range x.credentials.Secrets {
		all = append(all, digits(reveal(s)))
	}
	return all
}

// digits returns the ASCII letters and digits of a text, in lower case.
func digits(text string) string {
	out := make([]byte, 0, len(text))
	for i := range len(text) {
		switch c := text[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z':
			out = append(out, c)
		case 'A' <= c && c <= 'Z':
			out = append(out, c+'a'-'A')
		}
	}
	return string(out)
}

// notInNames is what userlock does not look at in a name.
var notInNames = regexp.MustCompile(`[\x00-/:-@\[-` + "`" + `{-\x7f]+`)

// idIn returns the digits of the GUID that a value is.
func idIn(value json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return "", false
	}
	if _, err := userlock.NewServerID(text); err != nil {
		return "", false
	}
	return digits(text), true
}

// sayIDs tells which fields may have a UserLock ID that is not configured.
func (x *explainer) sayIDs(fields []rewrite.Field) {
	const most = 8
	said := 0
	for _, f := range fields {
		if id, ok := idIn(f.Value); ok && said < most {
			said++
			x.note("The field %q is a GUID that begins with %s.", x.shown(f.Name, 64), id[:8])
		}
	}
}

// blameID looks for why no field is an ID.
func (x *explainer) blameID(fields []rewrite.Field, ids []string) {
	body := digits(string(x.q.Body))
	for i, id := range ids {
		label := fmt.Sprintf("ID %d", i+1)
		raw := guidBytes(id)
		switch {
		case bytes.IndexByte(x.q.Body, 0) >= 0 && strings.Contains(body, id):
			x.blame("The body is in UTF-16.", "The sender is not UserLock itself: let it send UTF-8.")
		case strings.Contains(body, id):
			x.blame("The body has "+label+", but not as the whole value of a field of its top level"+x.where(fields, id)+".",
				"If the vendor sends it so, please report it. Otherwise a tool has wrapped the body: give the endpoint the body as it came.")
		case strings.Contains(body, guidText(swapped(raw))):
			x.blame("The body has "+label+" with the bytes of its first three parts in reverse, as .NET's Guid.ToByteArray orders them.", "Set "+x.vendor.Variable.Name+" to the GUID as Get-UserLockServerConfiguration prints it.")
		case bytes.Contains(x.q.Body, []byte(base64.StdEncoding.EncodeToString(raw))), bytes.Contains(x.q.Body, []byte(base64.StdEncoding.EncodeToString(swapped(raw)))):
			x.blame("The body has "+label+" in base64.", "The sender is not UserLock itself: let it send the GUID as text.")
		}
		for name, values := range x.q.Header {
			if strings.Contains(digits(strings.Join(values, " ")), id) {
				x.blame(label+" is in the header "+x.shown(name, 64)+", and not in the body.", "UserLock sends it in the body. The sender is another program, or a tool has changed the request.")
			}
		}
		if strings.Contains(digits(x.q.Target), id) {
			x.blame(label+" is in the URL, and not in the body.", "UserLock sends it in the body. Take it out of the URL, which is logged in many places.")
		}
	}
	if x.Cause != "" {
		return
	}
	for _, o := range x.others {
		for i, entry := range revealed(o.Values) {
			if len(entry) >= 16 && bytes.Contains(x.q.Body, []byte(entry)) {
				x.blame(fmt.Sprintf("The body has entry %d of %s, which is for another vendor.", i+1, o.vendor.Variable.Name), "The credentials of two vendors are mixed up.")
			}
		}
	}
	for _, f := range fields {
		var text string
		_ = json.Unmarshal(f.Value, &text) // other values are no IDs
		_, ok := idIn(f.Value)
		switch {
		case ok:
			x.blame(fmt.Sprintf("The field %q has a GUID that is none of the UserLock IDs.", x.shown(f.Name, 64)),
				"If its first digits are those of your server or its backup server, add the whole ID to "+x.vendor.Variable.Name+": each server has its own, and ResetGUID makes a new one. Get it with Get-UserLockServerConfiguration.")
		case strings.Trim(digits(text), "0") == "" && len(digits(text)) == 32:
			x.blame(fmt.Sprintf("The field %q has a GUID of zeros, as one that is not set.", x.shown(f.Name, 64)), "Look at the configuration of the UserLock server.")
		case strings.Contains(text, "****"):
			x.blame(fmt.Sprintf("The UserLock ID in the field %q is masked.", x.shown(f.Name, 64)), "Events and recordings have it masked. To send one again, put the ID in.")
		}
	}
	switch {
	case len(x.q.Body) == 0:
		x.blame("The body is missing.", "The capture does not have it, or something had read it before, such as a middleware.")
	case x.Cause == "":
		x.blame("The body has no UserLock ID.", "The request does not come from UserLock, or a tool has changed its body.")
	}
}

// where says in which field of the top level an ID stands.
func (x *explainer) where(fields []rewrite.Field, id string) string {
	for _, f := range fields {
		if strings.Contains(digits(string(f.Value)), id) {
			return fmt.Sprintf(": it stands within the field %q", x.shown(f.Name, 64))
		}
		if strings.Contains(digits(f.Name), id) {
			return ": it is the name of a field"
		}
	}
	return ""
}

func guidBytes(id string) []byte {
	b := make([]byte, 0, 16)
	for i := 0; i+1 < len(id) && len(b) < 16; i += 2 {
		b = append(b, nibble(id[i])<<4|nibble(id[i+1]))
	}
	return b
}

func nibble(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

func guidText(b []byte) string { return fmt.Sprintf("%x", b) }

// swapped has the first three parts of a GUID in little endian.
func swapped(b []byte) []byte {
	b = slices.Clone(b)
	if len(b) == 16 {
		slices.Reverse(b[:4])
		slices.Reverse(b[4:6])
		slices.Reverse(b[6:8])
	}
	return b
}

// A Field is one of a UserLock notification.
type Field struct {
	Name  string `json:"name"`  // as it came
	Value string `json:"value"` // what it looks like, not what it is
	Taken string `json:"taken"` // the field of userlock.Notification that it was taken for, or ""
	Why   string `json:"why,omitempty"`
}

// maxFields is how many fields are listed.
const maxFields = 64

// fields lists what the names of a notification were taken for.
func (x *explainer) fields() {
	all, ok := x.object()
	if !ok {
		return
	}
	n := x.notification()
	if n == nil {
		return
	}
	ids := x.ids()
	filled := make(map[string]bool)
	for i, f := range all {
		if i == maxFields {
			x.note("There are %d more fields.", len(all)-i)
			break
		}
		field := Field{Name: x.shown(f.Name, 64), Value: shape(f.Value)}
		taken, known := userlock.FieldOf(f.Name)
		_, kept := n.Extra[f.Name]
		id, isID := idIn(f.Value)
		switch {
		case isID && (slices.Contains(ids, id) || taken == "UserLockId"):
			field.Taken = "UserLockId"
		case taken == "UserLockId" && strings.Contains(string(f.Value), "****"):
			field.Taken, field.Value = taken, "masked GUID"
		case string(f.Value) == "null" || string(f.Value) == `""`:
			field.Why = "It has no value."
		case !known:
			field.Why = "The name is not known."
		case taken == "UserLockId":
			field.Why = "It has the name of a UserLock ID, and is none."
		case kept:
			field.Why = "Another name for " + taken + " is better, or the value does not fit."
		default:
			field.Taken = taken
			filled[taken] = true
		}
		x.Fields = append(x.Fields, field)
	}
	x.aliases(all, filled)
}

// notification decodes the body as an endpoint would.
func (x *explainer) notification() *userlock.Notification {
	e := x.verdict.event
	if e == nil || e.Type == event.Unknown && e.Payload == nil {
		var err error
		if e, err = userlock.Decode(x.q.Body); err != nil {
			return nil
		}
	}
	n, _ := e.Payload.(*userlock.Notification)
	return n
}

// shape says what a value looks like.
func shape(value json.RawMessage) string {
	var text string
	switch value[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	case '"':
		_ = json.Unmarshal(value, &text) // it is valid
	default:
		return "number" + timeIn(value)
	}
	if _, err := userlock.NewServerID(text); err == nil {
		return "GUID"
	}
	if _, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil {
		return "IP address"
	}
	if _, err := net.ParseMAC(strings.TrimSpace(text)); err == nil {
		return "MAC address"
	}
	if number.MatchString(text) {
		return "text of a number" + timeIn(value)
	}
	if timeIn(value) != "" {
		return "time"
	}
	if looksLikeTime.MatchString(text) {
		return "text that may be a time, in a form that only Config.TimeLayouts can tell"
	}
	return fmt.Sprintf("text of %s", count(len([]rune(text)), "character"))
}

var (
	number        = regexp.MustCompile(`^\s*[-+]?[0-9.]+\s*$`)
	looksLikeTime = regexp.MustCompile(`^[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}[ T]+[0-9]{1,2}[:.][0-9]{2}`)
)

// timeIn says whether a value can be read as a time of these years.
func timeIn(value json.RawMessage) string {
	e, err := userlock.Decode([]byte(`{"EventTime":` + string(value) + `}`))
	if err != nil || e.Time.IsZero() || e.Time.Before(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) || e.Time.Year() > 2100 {
		return ""
	}
	return ", perhaps a time"
}

// aliases proposes Config.Aliases for names that are not known.
func (x *explainer) aliases(all []rewrite.Field, filled map[string]bool) {
	var lines []string
	seen := make(map[string]bool)
	for i, f := range all[:len(x.Fields)] {
		if known := x.Fields[i]; known.Taken != "" || known.Why != "The name is not known." {
			continue
		}
		key := strings.ToLower(notInNames.ReplaceAllString(f.Name, ""))
		if quoted := strconv.Quote(f.Name); key == "" || seen[key] || quoted != `"`+x.shown(f.Name, 64)+`"` {
			continue // cannot be an alias, or must not be shown
		}
		seen[key] = true
		looks := x.Fields[i].Value
		guess := guessField(f.Name, looks, filled)
		if looks == "GUID" && guess != "SessionId" {
			guess = "" // it may be a UserLock ID, which no other field should show
		}
		if guess == "" {
			lines = append(lines, fmt.Sprintf("\t// %q: \"\", // %s", f.Name, looks))
			continue
		}
		filled[guess] = true
		lines = append(lines, fmt.Sprintf("\t%q: %q, // %s", f.Name, guess, looks))
	}
	if len(lines) > 0 {
		x.Aliases = "Aliases: map[string]string{\n" + strings.Join(lines, "\n") + "\n},"
	}
}

// guessField proposes a field for a name that is not known: one that has no value yet, by a
// known name in it, or by the value.
func guessField(name, looks string, filled map[string]bool) string {
	best, length := "", 3
	name = digits(name)
	for i := range name {
		for j := i + length + 1; j <= len(name); j++ {
			if field, ok := userlock.FieldOf(name[i:j]); ok && !filled[field] && field != "UserLockId" {
				best, length = field, j-i
			}
		}
	}
	switch {
	case best != "":
		return best
	case (looks == "time" || strings.HasSuffix(looks, "perhaps a time") || strings.HasPrefix(looks, "text that may be a time")) && !filled["EventTime"]:
		return "EventTime"
	case (looks == "IP address" || looks == "MAC address") && !filled["ClientAddress"]:
		return "ClientAddress"
	}
	return ""
}
