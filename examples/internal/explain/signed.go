package explain

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
)

// signatureHeaders are those of the vendors that sign.
var signatureHeaders = map[string]string{
	relock.Vendor:      relock.SignatureHeader,
	loginradius.Vendor: loginradius.SignatureHeader,
}

// A signature is what a header field has.
type signature struct {
	sum   []byte // nil if there is none to be seen
	fault string // what its form is, if it is not 64 hex digits
}

// signed looks at a request with an HMAC in a header field.
func (x *explainer) signed(header string) {
	sums, fault, from := x.signatures(header)
	x.size()
	able := x.configured("secret")
	switch {
	case x.masked("body", header):
		return
	case x.verdict.verified():
		x.step(true, "The signature is that of %s.", x.verdict.credential)
		return
	case able && fault == "":
		x.step(false, "The signature matches no secret (401). Tried: %d.", len(x.credentials.Secrets))
	}
	if fault != "" {
		x.Cause, x.Advice = join(x.Cause, fault), "Look what changes the header between the sender and the receiver."
	}
	if len(sums) == 0 || x.verdict.err == errNone {
		if fault != "" {
			x.Advice = "The sender may be another one, or the webhook has no secret at the vendor, or a proxy has removed the header."
		}
		return
	}
	f, ok := x.search(sums)
	switch {
	case ok && fault != "":
		x.Cause = join(x.Cause, "The signature is that of "+f.text()+".")
		if f.advice() != "" {
			x.Advice = f.advice()
		}
		if from != "" && f.key.vendor == from {
			x.Cause, x.Advice = "This is a request of "+from+", not of "+x.vendor.Name+".", "Register at "+from+" the URL for "+from+"."
		}
	case ok:
		x.Cause, x.Advice = join(x.Cause, "The signature is that of "+f.text()+"."), f.advice()
		if x.Advice == "" {
			x.Advice = "It is right, but a receiver does not take such a secret: set another one here and at the vendor."
		}
	case fault == "":
		x.notFound()
	}
}

func join(cause, more string) string { return strings.TrimSpace(cause + " " + more) }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// notFound says what remains if no usual cause is found.
func (x *explainer) notFound() {
	if len(x.q.Body) == 0 {
		x.blame("The body is missing.", "The capture does not have it, or something had read it before, such as a middleware.")
		return
	}
	x.blame("", "None of the usual causes makes a secret match. Most likely the webhook has another secret at the vendor: compare them, or set it anew there. "+
		"Or the capture is not what came: capture with nc, or with the gateway's -record.")
}

// signatures looks at the header field. It returns the sums to look for, what is wrong
// with the field, and whose field was found in its place.
func (x *explainer) signatures(header string) (sums [][]byte, fault, from string) {
	values := x.q.Header[http.CanonicalHeaderKey(header)]
	switch len(values) {
	case 0:
		return x.lookalikes(header)
	case 1:
		s := readSignature(values[0])
		if s.fault == "" {
			x.step(true, "The header %s is there once, with 64 hex digits.", header)
		} else {
			fault = fmt.Sprintf("The header %s %s.", header, s.fault)
			x.step(false, "%s It must be 64 hex digits (401).", fault)
		}
		return only(s.sum), fault, ""
	}
	equal := "different values"
	if len(slices.Compact(slices.Clone(values))) == 1 {
		equal = "the same value"
	}
	fault = fmt.Sprintf("The header %s is there %d times, with %s.", header, len(values), equal)
	x.step(false, "%s It must be there once (401).", fault)
	for _, value := range values[:min(len(values), 8)] {
		sums = append(sums, only(readSignature(value).sum)...)
	}
	return sums, fault, ""
}

func only(sum []byte) [][]byte {
	if sum == nil {
		return nil
	}
	return [][]byte{sum}
}

var looksSigned = regexp.MustCompile(`(?i)signat|hmac|digest|[-_]sig(?:$|[-_])|^sig$`)

// lookalikes looks for another header field with a signature.
func (x *explainer) lookalikes(header string) (sums [][]byte, fault, from string) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(x.q.Header)) {
		values := x.q.Header[name]
		if !looksSigned.MatchString(name) || len(values) == 0 || len(names) == 4 {
			continue
		}
		names = append(names, x.shown(name, 64))
		sums = append(sums, only(readSignature(values[0]).sum)...)
		for vendor, other := range signatureHeaders {
			if name == http.CanonicalHeaderKey(other) {
				from = vendor
			}
		}
	}
	fault = fmt.Sprintf("There is no header %s.", header)
	switch {
	case len(names) > 0:
		fault += fmt.Sprintf(" The signature may be in %s.", strings.Join(names, " or "))
	case len(x.q.Header["Authorization"]) > 0:
		fault += " There is an Authorization header, as in requests of unloc."
	case len(x.q.Names) == 0:
		fault += " The capture has no header at all: give it with -header."
	}
	x.step(false, "%s (401)", fault)
	return sums, fault, from
}

var (
	beforeSignature = regexp.MustCompile(`^(?:(?i:hmac|hmac-sha256|sha256|signature|bearer) +|0x|[A-Za-z0-9_-]{1,32}[=:])`)
	manyParts       = regexp.MustCompile(`^[A-Za-z0-9]+=[^,]*,`)
)

// readSignature finds a signature in a value, however it is written.
func readSignature(value string) signature {
	if sum, err := hex.DecodeString(value); err == nil && len(sum) == 32 {
		return signature{sum: sum}
	}
	var faults []string
	found := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	text := strings.Trim(value, " \t\r\n")
	switch {
	case text == "":
		return signature{fault: "is empty"}
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") || strings.Trim(text, "*") == "":
		return signature{fault: "is masked"}
	}
	if trimmed := strings.Trim(text, "\"'“”‘’`"); trimmed != text {
		found("has quotation marks around it")
		text = trimmed
	}
	if manyParts.MatchString(text) {
		found("has several parts, as those of Stripe")
		for part := range strings.SplitSeq(text, ",") {
			if _, s, ok := strings.Cut(part, "="); ok && len(s) == 64 {
				text = s
			}
		}
	} else if list := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }); len(list) > 1 && len(list[0]) >= 40 {
		found("has %d values, as if a proxy had joined repeated headers", len(list))
		text = list[0]
	} else if before := beforeSignature.FindString(text); before != "" && len(text) > len(before) {
		found("begins with a prefix such as sha256=")
		text = strings.TrimSpace(text[len(before):])
	}
	if joined := strings.NewReplacer(" ", "", "\t", "", "-", "", ":", "").Replace(text); isHex(joined) && joined != text {
		found("has spaces, colons or hyphens within it")
		text = joined
	}
	var sum []byte
	switch binary, ok := decodeBase64(text); {
	case isHex(text) && len(text)%2 == 0:
		sum, _ = hex.DecodeString(text)
		if len(text) != 64 {
			found("has %d hex digits%s", len(text), hashOf(len(sum)))
		}
	case ok && hashOf(len(binary)) != "":
		sum = []byte(binary)
		found("is base64, not hex%s", hashOf(len(binary)))
	default:
		found("is not a signature: it has %d characters, not all of them hex digits", len(value))
	}
	if hashOf(len(sum)) == "" {
		sum = nil
	}
	if len(faults) == 0 {
		found("has white space around it")
	}
	return signature{sum: sum, fault: strings.Join(faults, ", and ")}
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// hashOf says what has sums of n bytes.
func hashOf(n int) string {
	switch n {
	case 20:
		return ", as SHA-1 has"
	case 32:
		return ", as SHA-256 has"
	case 48:
		return ", as SHA-384 has"
	case 64:
		return ", as SHA-512 has"
	}
	return ""
}
