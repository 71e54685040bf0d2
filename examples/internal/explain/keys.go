package explain

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/url"
	"strings"
)

// A key is what a signature may have been made with.
type key struct {
	text    string
	advice  string
	secret  []byte
	changes int    // from what is configured
	vendor  string // whose it is, if it is another vendor's

	plain         bool // no HMAC
	before, after []byte
	hash          hash.Hash
}

// A spelling is a secret that is written in another way.
type spelling struct {
	how   string // what follows "secret 1"
	value string
}

// maxEntries is how many entries of a variable are tried in other spellings.
const maxEntries = 32

// keys are the secrets, those with mistakes that are often made with them, and those of
// other vendors.
func (x *explainer) keys() []key {
	var all []key
	own := revealed(x.credentials)
	name := x.vendor.Variable.Name
	for i, secret := range own {
		label := fmt.Sprintf("secret %d", i+1)
		all = append(all, key{text: label, secret: []byte(secret)})
		if i >= maxEntries {
			continue
		}
		for _, s := range spellings(secret) {
			all = append(all, key{text: label + " " + s.how, secret: []byte(s.value), changes: 1,
				advice: fmt.Sprintf("The sender has %s %s. Both must have the same secret: set %s, or the secret at the vendor.", label, s.how, name)})
		}
		if i+1 < len(own) {
			all = append(all, key{text: fmt.Sprintf("%s and %d, joined with a comma,", label, i+2), secret: []byte(secret + "," + own[i+1]), changes: 1,
				advice: "The secret has a comma, which separates secrets in " + name + ". Set " + name + "_FILE to a file with a secret in a line."})
		}
		all = append(all,
			key{text: "a hash without an HMAC, with " + label + " before the body", plain: true, before: []byte(secret), changes: 1, advice: plainAdvice},
			key{text: "a hash without an HMAC, with " + label + " after the body", plain: true, after: []byte(secret), changes: 1, advice: plainAdvice})
	}
	all = append(all, key{text: "a hash without any secret", plain: true, changes: 1, advice: plainAdvice})
	for _, o := range x.others {
		advice := fmt.Sprintf("The secret is that of %s: is the request from there, or are the variables mixed up?", o.vendor.Name)
		for i, secret := range revealed(o.Values) {
			if i >= maxEntries {
				break
			}
			label := fmt.Sprintf("entry %d of %s, which is for another vendor", i+1, o.vendor.Variable.Name)
			all = append(all, key{text: label, secret: []byte(secret), changes: 1, vendor: o.vendor.Name, advice: advice})
			if _, password, ok := strings.Cut(secret, ":"); ok && o.vendor.Variable.Pairs {
				all = append(all, key{text: "the password of " + label, secret: []byte(password), changes: 1, vendor: o.vendor.Name, advice: advice})
			}
			for _, s := range spellings(secret) {
				all = append(all, key{text: label + ", " + s.how, secret: []byte(s.value), changes: 2, vendor: o.vendor.Name, advice: advice})
			}
		}
	}
	return all
}

const plainAdvice = "The vendor makes an HMAC. The sender is another one, or makes its signatures in another way."

// spellings returns how a secret is written by mistake.
func spellings(secret string) []spelling {
	var all []spelling
	add := func(how, value string) {
		if value != secret {
			all = append(all, spelling{how, value})
		}
	}
	add("without the white space around it", strings.TrimSpace(secret))
	add("with a space at its end", secret+" ")
	add("with a space before it", " "+secret)
	add("with a line feed at its end", secret+"\n")
	add("with CRLF at its end", secret+"\r\n")
	add("without its spaces", strings.ReplaceAll(secret, " ", ""))
	add("without its quotation marks", strings.Trim(secret, "\"'`“”‘’"))
	add("in quotation marks", `"`+secret+`"`)
	add("in single quotation marks", "'"+secret+"'")
	if value, ok := decodeBase64(secret); ok {
		add("decoded from base64", value)
	}
	if rest, ok := strings.CutPrefix(secret, "whsec_"); ok {
		add("without whsec_", rest)
		if value, ok := decodeBase64(rest); ok {
			add("without whsec_ and decoded from base64", value)
		}
	}
	if _, rest, ok := strings.Cut(secret, "="); ok {
		add("without what stands before its equals sign", rest)
	}
	add("in base64", base64.StdEncoding.EncodeToString([]byte(secret)))
	add("in base64 without padding", base64.RawStdEncoding.EncodeToString([]byte(secret)))
	if value, err := hex.DecodeString(secret); err == nil {
		add("decoded from hexadecimal", string(value))
	}
	add("in hexadecimal", hex.EncodeToString([]byte(secret)))
	if value, err := url.PathUnescape(secret); err == nil {
		add("with its %-escapes decoded", value)
	}
	add("with %-escapes", url.QueryEscape(secret))
	add("with %-escapes", url.PathEscape(secret))
	add("in lower case", strings.ToLower(secret))
	add("in upper case", strings.ToUpper(secret))
	add(`with its \n as a line feed`, strings.NewReplacer(`\n`, "\n", `\r`, "\r").Replace(secret))
	add("with a byte order mark before it", "\ufeff"+secret)
	add("in ISO 8859-1", string(toLatin1([]byte(secret))))
	return all
}
