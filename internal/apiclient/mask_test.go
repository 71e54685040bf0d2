package apiclient

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
)

// canaries are secrets with the characters that encoders treat in different ways.
var canaries = []string{
	"5b7b1c9e-2d5e-4b44-9a1f-3f1f2a0c7d11",
	`pa ss+w/o%rd?&="q\'<x>;é漢😀~`,
	"tab\tand\x1bescape",
	"100%25 sure",
	"broken\xff byte",
	"aaaa aaaa",
}

// encoders write a secret as the parts of programs do that meet one.
var encoders = map[string]func(string) string{
	"raw":             func(s string) string { return s },
	"upper case":      strings.ToUpper,
	"query":           url.QueryEscape,
	"path":            url.PathEscape,
	"query, %20":      func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") },
	"query, lower":    func(s string) string { return strings.ToLower(url.QueryEscape(s)) },
	"query, twice":    func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"path in query":   func(s string) string { return url.QueryEscape(url.PathEscape(s)) },
	"JSON":            marshal,
	"JSON, slashes":   func(s string) string { return strings.ReplaceAll(marshal(s), "/", `\/`) },
	"JSON, twice":     func(s string) string { return marshal(marshal(s)) },
	"query, JSON":     func(s string) string { return marshal(url.QueryEscape(s)) },
	"%q":              func(s string) string { return fmt.Sprintf("%q", s) },
	"%+q":             func(s string) string { return fmt.Sprintf("%+q", s) },
	"%q of %q":        func(s string) string { return fmt.Sprintf("%q", fmt.Sprintf("%+q", s)) },
	"HTML":            html.EscapeString,
	"HTML, twice":     func(s string) string { return html.EscapeString(html.EscapeString(s)) },
	"HTML, names":     strings.NewReplacer("&", "&amp;", `"`, "&quot;", "'", "&apos;", "<", "&lt;", ">", "&gt;").Replace,
	"HTML, hex":       strings.NewReplacer("&", "&#x26;", `"`, "&#X22;", "'", "&#x027;", "<", "&#x3C;", ">", "&#x3e;").Replace,
	"base64":          func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64, URL":     func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64 in a URL": func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) },
	"Basic, 1":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte("a:" + s)) },
	"Basic, 2":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte("ab:" + s + "x")) },
	"Basic, 3":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte("abc:" + s + "xy")) },
}

func marshal(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestMaskFindsEverySpelling(t *testing.T) {
	for _, secret := range canaries {
		for name, encode := range encoders {
			t.Run(name+" of "+secret, func(t *testing.T) {
				spelled := encode(secret)
				text := mask("before ["+spelled+"] and <"+spelled+"> after", event.Secrets(secret))
				assert.Regexp(t, `^before \[["\\]*\[redacted\](?:[="\\]|%3D)*\] and <["\\]*\[redacted\](?:[="\\]|%3D)*> after$`, text)
			})
		}
	}
}
