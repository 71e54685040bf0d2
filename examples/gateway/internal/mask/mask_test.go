package mask_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/gateway/internal/mask"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/verify"
)

const (
	id       = "ab12cd34-ca9a-47ca-9a27-ca9a27ca9a27"
	secret   = "Canary of/Relock's + 1"
	other    = "loginradius-canary-2"
	password = "pass:of canary 3"
	digits   = "918273645546372819"
)

// newMasker returns a masker that knows credentials of all vendors.
func newMasker() *mask.Masker {
	m := new(mask.Masker)
	m.SetCredentials("userlock", envsecret.Values{Secrets: event.Secrets(id)})
	m.SetCredentials("unloc", envsecret.Values{Credentials: []verify.Credential{verify.NewCredential("gate", password)}})
	m.SetCredentials("relock", envsecret.Values{Secrets: event.Secrets(secret, digits)})
	m.SetCredentials("loginradius", envsecret.Values{Secrets: event.Secrets(other)})
	return m
}

// masked returns what is kept of a body.
func masked(t *testing.T, vendor, body string) string {
	t.Helper()
	p := newMasker().Pass(vendor, &capture.Request{Method: "POST", Target: "/", Header: make(http.Header), Body: []byte(body)})
	kept, _ := p.Request("/")
	return string(kept.Body)
}

func TestBodies(t *testing.T) {
	for name, c := range map[string]struct{ vendor, body, want string }{
		"a known body stays byte for byte": {"relock",
			"\ufeff{\"event\" : \"session.ended\",\n\t\"data\":{\"sessionId\":\"s\\u002d1\",\"duration\":3600.0e0,\"duration\":1 ,\"reason\":\"\",\"userId\":null}} ", ""},
		"letter case":               {"relock", `{"Event":"a","DATA":{"SESSIONID":"s-1"}}`, ""},
		"unknown names":             {"relock", `{"event":"a","data":{"session":"s-1","note":7,"ok":true,"empty":"","none":null}}`, `{"event":"a","data":{"session":"[redacted string of 3]","note":"[redacted number]","ok":true,"empty":"","none":null}}`},
		"below an unknown name":     {"relock", `{"payload":{"sessionId":"s-1","deep":[{"userId":"u"},"x"]}}`, `{"payload":{"sessionId":"[redacted string of 3]","deep":[{"userId":"[redacted string of 1]"},"[redacted string of 1]"]}}`},
		"in the place of an object": {"relock", `{"data":"s-1"}`, `{"data":"[redacted string of 3]"}`},
		"raw JSON":                  {"relock", `{"data":{"details":{"userId":"u"},"alertId":"a"}}`, `{"data":{"details":{"userId":"[redacted string of 1]"},"alertId":"a"}}`},
		"shapes": {"relock", `{"a":["2026-11-30T07:15:02Z","/Date(1715675467000)/","3F2504E0-4F89-41D3-9A0C-0305E82C3301","192.0.2.1","2001:db8::1","4711","häßlich"]}`,
			`{"a":["[redacted time]","[redacted time]","[redacted GUID]","[redacted IP address]","[redacted IP address]","[redacted string of 4, a number]","[redacted string of 7]"]}`},
		"UserLock's names":  {"userlock", `{"User Account":"EXAMPLE\\ada","kennung":"x","userName":"ada","client-ip":"192.0.2.1"}`, `{"User Account":"EXAMPLE\\ada","kennung":"[redacted string of 1]","userName":"ada","client-ip":"192.0.2.1"}`},
		"a foreign ID":      {"userlock", `{"Kennung":"{3F2504E0-4F89-41D3-9A0C-0305E82C3301}","x":{"id":"3f2504e04f8941d39a0c0305e82c3301"}}`, `{"Kennung":"3f2504e0-****-****-****-************","x":{"id":"[redacted GUID]"}}`},
		"our ID":            {"userlock", `{"UserLockId":"` + id + `"}`, `{"UserLockId":"ab12cd34-****-****-****-************"}`},
		"our ID elsewhere":  {"relock", `{"data":{"userId":"` + id + `"}}`, `{"data":{"userId":"[redacted GUID]"}}`},
		"a GUID that stays": {"unloc", `{"lockId":"3F2504E0-4F89-41D3-9A0C-0305E82C3301","lockName":"x 3f2504e04f8941d39a0c0305e82c3301 y"}`, `{"lockId":"3f2504e0-****-****-****-************","lockName":"x 3f2504e0-****-****-****-************ y"}`},
		"tokens": {"relock", `{"data":{"reason":"eyJh.e30.x is eyJhbGciOiJIUzI1NiJ9.e30.c2ln, Zm9vYmFyMTIzNDU2Nzg5MGFi, device_is_not_trusted_any_more AccessDeniedForThisDevice ABCDEFGHIJKLMNOPqrstuvwxyz","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"}}`,
			`{"data":{"reason":"[redacted token of 10] is [redacted token of 29], [redacted token of 24], device_is_not_trusted_any_more AccessDeniedForThisDevice [redacted token of 26]","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"}}`},
		"URLs":            {"loginradius", `{"Data":{"RegistrationSource":"https://me:pw@example.com/join?vtoken=abc#x","ImageUrl":"https://example.com/a.png"}}`, `{"Data":{"RegistrationSource":"https://[redacted]@example.com/join?[redacted]","ImageUrl":"https://example.com/a.png"}}`},
		"secrets by name": {"relock", `{"Data":{"Password":"x1","PIN":{"PIN":"4711","Skipped":false},"ProviderAccessCredential":{"AccessToken":"t"},"Identities":[{"ProviderAccessCredential":{"TokenSecret":"t"},"ID":"i"}]}}`, `{"Data":{"Password":"[redacted string of 2]","PIN":{"PIN":"[redacted string of 4, a number]","Skipped":false},"ProviderAccessCredential":{"AccessToken":"[redacted string of 1]"},"Identities":[{"ProviderAccessCredential":{"TokenSecret":"[redacted string of 1]"},"ID":"i"}]}}`},
		"custom fields":   {"loginradius", `{"Data":{"CustomFields":{"Uid":"x"},"Uid":"u"}}`, `{"Data":{"CustomFields":{"Uid":"[redacted string of 1]"},"Uid":"u"}}`},
		"names like values": {"relock", `{"ada@example.com":{"event":"x"},"3F2504E0-4F89-41D3-9A0C-0305E82C3301":1,"+15555550123":true,"` + strings.Repeat("a", 65) + `":null,"a\u0000":null,"Événement":false,"@type":false}`,
			`{"[redacted name of 15]":{"event":"[redacted string of 1]"},"[redacted name of 36]":"[redacted number]","[redacted name of 12]":true,"[redacted name of 65]":null,"[redacted name of 2]":null,"Événement":false,"@type":false}`},
		"a credential in numbers": {"relock", `{"data":{"duration":` + digits + `0,"userId":"u"}}`, `{"data":{"duration":"[redacted number]","userId":"u"}}`},
		"repeated names":          {"relock", `{"a":1,"a":"b","event":"x","event":"y"}`, `{"a":"[redacted number]","a":"[redacted string of 1]","event":"x","event":"y"}`},
		"broken UTF-8":            {"relock", "{\"event\":\"a\xffb\",\"\xff\":1,\"data\":{\"userId\":\"\\ud800\"}}", `{"event":"[redacted string of 3]","[redacted name of 1]":"[redacted number]","data":{"userId":"[redacted string of 1]"}}`},
		"nesting":                 {"relock", strings.Repeat("[", 70) + strings.Repeat("]", 70), strings.Repeat("[", 64) + `"[redacted: nested too deep]"` + strings.Repeat("]", 64)},
		"a list of bodies":        {"relock", `[{"event":"a","x":"b"}]`, `[{"event":"a","x":"[redacted string of 1]"}]`},
		"a string":                {"relock", `"hello"`, `"[redacted string of 5]"`},
	} {
		t.Run(name, func(t *testing.T) {
			want := c.want
			if want == "" {
				want = c.body
			}
			if diff := cmp.Diff(want, masked(t, c.vendor, c.body)); diff != "" {
				t.Errorf("body (-want +masked):\n%s", diff)
			}
		})
	}
}

// Of a body that is no JSON nothing stays.
func TestBodiesThatAreNoJSON(t *testing.T) {
	for body, want := range map[string]string{
		"canary":              "the body of 6 bytes, which begins with a letter and is no JSON: a letter is wrong at byte 0",
		"user=canary&x=1":     "the body of 15 bytes, which begins with a letter and is no JSON: a letter is wrong at byte 0",
		`{"canary":1`:         `the body of 11 bytes, which begins with '{' and is no JSON: it breaks off after 11 bytes`,
		`{"canary":"can`:      `the body of 14 bytes, which begins with '{' and is no JSON: it breaks off after 14 bytes`,
		`{"canary":1}x`:       `the body of 13 bytes, which begins with '{' and is no JSON: a letter is wrong at byte 12`,
		`{"canary":1}{}`:      `the body of 14 bytes, which begins with '{' and is no JSON: more follows at byte 13`,
		`{"canary":canary}`:   `the body of 17 bytes, which begins with '{' and is no JSON: a letter is wrong at byte 10`,
		"\xff\xfecanary":      "the body of 8 bytes, which begins with a byte beyond ASCII and is no JSON: a byte beyond ASCII is wrong at byte 0",
		"<canary>":            `the body of 8 bytes, which begins with '<' and is no JSON: '<' is wrong at byte 0`,
		"{\"a\":\"\x01canary": "the body of 13 bytes, which begins with '{' and is no JSON: a control character is wrong at byte 6",
		"":                    "",
	} {
		q := &capture.Request{Method: "POST", Target: "/", Header: make(http.Header), Body: []byte(body)}
		kept, what := newMasker().Pass("relock", q).Request("/")
		assert.Empty(t, kept.Body, "%q", body)
		assert.Equal(t, want, strings.Join(what, "; "), "%q", body)
	}
}

func TestRequest(t *testing.T) {
	q := &capture.Request{
		Method: "POST", Target: "/x/../webhooks/relock?token=abc&" + url.QueryEscape(secret) + "&3F2504E0-4F89-41D3-9A0C-0305E82C3301=1&debug=", Proto: "HTTP/1.1",
		Header: http.Header{
			"Host": {"gateway.example.com"}, "Content-Type": {"application/json"}, "User-Agent": {"me/1 " + other, "curl/8"},
			"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("a:b")), "abcdef", "Mysecret x"},
			"Cookie":        {"a=b"}, "X-Api-Key": {"k", "l"}, "X-Empty": {""},
			"Accesshook-Status":                      {"200"},
			"X-3f2504e0-4f89-41d3-9a0c-0305e82c3301": {"1"},
			"X-Forwarded-For":                        {"192.0.2.1, 192.0.2.2"},
			"Request-Id":                             {"|3F2504E04F8941D39A0C0305E82C3301.1."},
		},
		Body: []byte(`{"event":"a","x":"y"}`),
	}
	kept, what := newMasker().Pass("relock", q).Request("/webhooks/relock")
	want := &capture.Request{
		Method: "POST", Target: "/webhooks/relock?token=[redacted]&redacted&%5Bredacted+name+of+36%5D=[redacted]&debug", Proto: "HTTP/1.1",
		Header: http.Header{
			"Host": {"gateway.example.com"}, "Content-Type": {"application/json"}, "User-Agent": {"[redacted]", "curl/8"},
			"Authorization": {"Basic [redacted]", "[redacted]", "[redacted]"},
			"Cookie":        {"[redacted]"}, "X-Api-Key": {"[redacted]", "[redacted]"}, "X-Empty": {""},
			"Redacted-Name":   {"[redacted]", "[redacted]"},
			"X-Forwarded-For": {"192.0.2.1, 192.0.2.2"},
			"Request-Id":      {"|3f2504e0-****-****-****-************.1."},
		},
		Body: []byte(`{"event":"a","x":"[redacted string of 1]"}`),
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("request (-want +masked):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"the values of the query",
		"names or values in the body, which had 21 bytes: 1",
		"the header fields Redacted-Name, Authorization, Cookie, Request-Id, User-Agent, X-Api-Key",
	}, what); diff != "" {
		t.Errorf("what was masked (-want +got):\n%s", diff)
	}

	kept, _ = newMasker().Pass("relock", &capture.Request{Method: "CANARY", Proto: "HTTP/canary", Header: make(http.Header)}).Request("/")
	assert.Equal(t, "REDACTED", kept.Method)
	assert.Equal(t, "HTTP/1.1", kept.Proto)
}

func signature(key, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// No signature stays, right or wrong: with one of them somebody could make a request that is
// accepted, now or once the secret has been corrected.
func TestSignatures(t *testing.T) {
	const plain = `{"event":"a"}`
	sum, err := hex.DecodeString(signature(other, plain))
	require.NoError(t, err)
	for _, header := range []string{"X-Relock-Signature", "Signature", "X-Signature", "User-Agent"} {
		for _, value := range []string{
			signature("a wrong secret 1", plain), signature(secret, plain), strings.ToUpper(signature(other, plain)),
			"sha256=" + signature(secret, plain), base64.StdEncoding.EncodeToString(sum), base64.RawURLEncoding.EncodeToString(sum),
		} {
			q := &capture.Request{Header: http.Header{header: {value}}, Body: []byte(plain)}
			kept, what := newMasker().Pass("relock", q).Request("/")
			assert.Contains(t, kept.Header.Get(header), "[redacted")
			assert.NotContains(t, kept.Header.Get(header), value)
			assert.Equal(t, plain, string(kept.Body))
			assert.Equal(t, []string{"the header fields " + header}, what)
		}
	}
}

func TestTextsAboutARequest(t *testing.T) {
	p := newMasker().Pass("relock", new(capture.Request))
	assert.Equal(t, "verify: no header X-Relock-Signature", p.Text("verify: no header X-Relock-Signature"))
	assert.Equal(t, "[redacted]", p.Text("it is "+strings.ToUpper(secret)))
	assert.Equal(t, "it is [redacted token of 28]", p.Text("it is abcdefghijklmnopqrstuvwxyz12"))
	assert.Equal(t, "The field 'Uhrzeit', with '[redacted name of 15]', '4', '' and '…'.", p.Finding(`The field "Uhrzeit", with "ada@example.com", "4", "" and "\y".`))
	assert.Equal(t, "[redacted]", p.Finding("it is "+secret))
	for pointer, want := range map[string]string{
		"": "", "/data/ada@example.com/12": "/data/[redacted name of 15]/12", "/a~1b/~0": "/a~1b/[redacted name of 1]",
		"/" + id: "[redacted]", "/3f2504e0-4f89-41d3-9a0c-0305e82c3301": "/[redacted name of 36]", "/x/123456": "/x/[redacted name of 6]",
		strings.Repeat("/abcdefg", 33): strings.Repeat("/abcdefg", 32) + "…",
	} {
		assert.Equal(t, want, p.Pointer(pointer))
	}
}

// New credentials are looked for at once, and old ones still.
func TestReplacedCredentials(t *testing.T) {
	m := newMasker()
	const next = "the next secret"
	show := func(text string) string { return m.Pass("relock", new(capture.Request)).Text(text) }
	assert.Equal(t, "by "+next, show("by "+next))
	m.SetCredentials("relock", envsecret.Values{Secrets: event.Secrets(next)})
	assert.Equal(t, "[redacted]", show("by "+next))
	assert.Equal(t, "[redacted]", show("by "+secret))
	for range 20 {
		m.SetCredentials("relock", envsecret.Values{Secrets: event.Secrets(next)})
	}
	assert.Equal(t, "[redacted]", show("by "+next))
	assert.Equal(t, "[redacted]", show("by "+other))
	assert.Equal(t, "by "+secret, show("by "+secret), "what is looked for is bounded")
}

// A password of three characters is looked for as a whole: it would be everywhere.
func TestShortCredentials(t *testing.T) {
	m := new(mask.Masker)
	m.SetCredentials("unloc", envsecret.Values{Credentials: []verify.Credential{verify.NewCredential("g", "abc")}})
	p := m.Pass("unloc", new(capture.Request))
	for _, text := range []string{"abc", "ABC", "%61bc", "YWJj", "x g:abc", "x " + base64.StdEncoding.EncodeToString([]byte("g:abc"))} {
		assert.Equal(t, "[redacted]", p.Text(text), text)
	}
	assert.Equal(t, "abcd", p.Text("abcd"))
}

// forms are ways in which a credential may be written.
var forms = map[string]func(string) string{
	"clear":            func(s string) string { return s },
	"upper case":       strings.ToUpper,
	"in a text":        func(s string) string { return "before" + s + "after" },
	"percent-encoded":  url.PathEscape,
	"all of it":        func(s string) string { return percent(s) },
	"twice":            func(s string) string { return url.PathEscape(percent(s)) },
	"as in a query":    url.QueryEscape,
	"base64":           func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 of a pair": func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte("gate:"+s)) },
	"base64url":        func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe" + s)) },
	"base64 in a word": func(s string) string { return "x" + base64.RawStdEncoding.EncodeToString([]byte(s)) },
	"percent in base64": func(s string) string {
		return percent(base64.StdEncoding.EncodeToString([]byte(s)))
	},
	"JSON in a text": func(s string) string { return fmt.Sprintf(`{"a":"%s"}`, jsonEscaped(s)) },
	"braces":         func(s string) string { return "{" + s + "}" },
	"without hyphens": func(s string) string {
		if s == id {
			return strings.ReplaceAll(s, "-", "")
		}
		return s
	},
}

func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

func jsonEscaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return b.String()
}

func TestForms(t *testing.T) {
	p := newMasker().Pass("relock", new(capture.Request))
	for name, form := range forms {
		for _, s := range []string{id, secret, other, password, digits} {
			if s == id && strings.Contains(name, "base64") {
				continue // its digits are looked for in what base64 decodes to as well
			}
			assert.Equal(t, "[redacted]", p.Text(form(s)), "%s of %s", name, s)
		}
	}
}

// valid requires that a body is JSON.
func requireJSON(t *testing.T, body []byte) {
	t.Helper()
	require.True(t, json.Valid(bytes.TrimPrefix(body, []byte("\ufeff"))), "%s", body)
}
