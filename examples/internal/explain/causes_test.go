package explain_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/explain"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/verify"
)

const (
	secret      = "canary-Relock/secret-1?"
	otherSecret = "canary-LoginRadius-key"
	id          = "5f0c8a2e-9d41-4b7e-8c36-1a2b3c4d5e6f"
	pair        = "gate:canary-p@ssword"
	alert       = `{"event":"security.alert","data":{"alertId":"a/9","userId":"u-1042","severity":"high","description":"Zoë <b> & 2","timestamp":"2026-01-02T03:04:05Z","details":{"attempts":4000,"share":1.0}}}`
)

func vendor(t testing.TB, name string) vendors.Vendor {
	v, ok := vendors.Named(name)
	require.True(t, ok)
	return v
}

// given are credentials of all vendors; those of one are replaced by entries.
func given(name string, entries ...string) map[string]envsecret.Values {
	all := map[string]envsecret.Values{
		"relock":      {Secrets: event.Secrets(secret)},
		"loginradius": {Secrets: event.Secrets(otherSecret)},
		"unloc":       {Credentials: []verify.Credential{verify.NewCredential("gate", "canary-p@ssword")}},
		"userlock":    {Secrets: event.Secrets(id)},
	}
	if name == "" {
		return all
	}
	var values envsecret.Values
	for _, entry := range entries {
		if user, password, _ := strings.Cut(entry, ":"); name == "unloc" {
			values.Credentials = append(values.Credentials, verify.NewCredential(user, password))
		} else {
			values.Secrets = append(values.Secrets, event.NewSecret(entry))
		}
	}
	all[name] = values
	return all
}

// tool runs a program with text as its input. Where it is missing, the test is skipped,
// but not in CI.
func tool(t testing.TB, text string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(args[0])
	if err != nil && os.Getenv("CI") == "" {
		t.Skip(args[0] + " is missing")
	}
	require.NoError(t, err)
	key := text + "\x00" + strings.Join(args, "\x00")
	if out, ok := outputs.Load(key); ok {
		return out.(string)
	}
	cmd := exec.CommandContext(t.Context(), path, args[1:]...)
	cmd.Stdin, cmd.Stderr = strings.NewReader(text), os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	outputs.Store(key, string(out))
	return string(out)
}

var outputs sync.Map // of tool: programs take a while to start

// sign signs with openssl, as a vendor does.
func sign(t testing.TB, key, body string) string {
	out := tool(t, body, "openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:"+hex.EncodeToString([]byte(key)))
	return strings.TrimSpace(out[strings.LastIndex(out, " ")+1:])
}

// hmacOf is sign without openssl, where the program is not what is tested.
func hmacOf(key, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// dumps writes JSON by Python.
func dumps(t testing.TB, text, arguments string) string {
	return tool(t, text, "python3", "-c", "import json,sys; sys.stdout.buffer.write(json.dumps(json.loads(sys.stdin.buffer.read())"+arguments+").encode())")
}

// stringify writes JSON by Node.
func stringify(t testing.TB, text, arguments string) string {
	return tool(t, text, "node", "-e", "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8'))"+arguments+"))")
}

// relockRequest is a captured request.
func relockRequest(t testing.TB, signature, body string) *capture.Request {
	text := fmt.Sprintf("POST /webhooks/relock HTTP/1.1\r\nHost: example.com\r\nX-Relock-Signature: %s\r\n\r\n%s", signature, body)
	q, err := capture.Read(strings.NewReader(text))
	require.NoError(t, err)
	return q
}

// explained explains, and looks for what no report may hold.
func explained(t testing.TB, name string, q *capture.Request, credentials map[string]envsecret.Values) explain.Report {
	t.Helper()
	v := vendor(t, name)
	report := explain.Explain(v, q, credentials)
	assertConsistent(t, report)
	var b bytes.Buffer
	require.NoError(t, report.Write(&b))
	text := fmt.Sprintf("%s\n%+v", b.String(), report)
	for _, values := range credentials {
		for _, s := range values.Secrets {
			assertHidden(t, text, reveal(s), string(q.Body))
		}
		for _, c := range values.Credentials {
			assertHidden(t, text, reveal(c.Password), string(q.Body))
		}
	}
	return report
}

func reveal(s event.Secret) string {
	text, _ := s.Reveal()
	return text
}

// assertHidden looks for a secret and what it signs.
func assertHidden(t testing.TB, text, secret, body string) {
	t.Helper()
	folded := strings.ToLower(text)
	require.NotEmpty(t, secret)
	squeeze := strings.NewReplacer(" ", "", "-", "", "{", "", "}", "")
	assert.NotContains(t, squeeze.Replace(folded), squeeze.Replace(strings.ToLower(secret)))
	for _, hidden := range []string{
		secret, hmacOf(secret, body), strings.ReplaceAll(secret, "-", ""),
	} {
		for _, form := range []string{
			hidden, hex.EncodeToString([]byte(hidden)), base64.RawStdEncoding.EncodeToString([]byte(hidden)), base64.RawURLEncoding.EncodeToString([]byte(hidden)), fmt.Sprintf("%q", hidden),
		} {
			assert.NotContains(t, folded, strings.ToLower(form))
		}
	}
}

func assertConsistent(t testing.TB, r explain.Report) {
	t.Helper()
	ok := true
	for _, s := range r.Steps {
		ok = ok && s.OK
	}
	assert.Equal(t, r.Accepted, ok, "%+v", r)
	assert.NotContains(t, strings.Join(r.Notes, "\n"), "Please report this", "%+v", r)
	assert.False(t, r.Accepted && r.Cause != "", "%+v", r)
}

// The usual causes: what was signed, and with what, against what came and is configured.
func TestCauses(t *testing.T) {
	indented := func(t *testing.T) string { return dumps(t, alert, ", indent=2, ensure_ascii=False") }
	for name, test := range map[string]struct {
		signed     string // by the vendor
		key        string // of the vendor; "": secret
		came       string
		configured string // "": secret
		want       string
	}{
		// The ten of every support forum.
		"new line at the end": {signed: alert, came: alert + "\n", want: "secret 1 for the body without the line feed at its end."},
		"CRLF":                {signed: "{\r\n\"event\":\"x\"}\r\n", came: "{\n\"event\":\"x\"}\n", want: "secret 1 for the body with CRLF line ends."},
		"byte order mark":     {signed: alert, came: "\ufeff" + alert, want: "secret 1 for the body without its byte order mark."},
		"re-indented":         {signed: alert, came: indented(t), want: "secret 1 for the body without white space between its fields."},
		"re-ordered":          {signed: alert, came: dumps(t, alert, ", sort_keys=True, separators=(',', ':'), ensure_ascii=False"), want: "secret 1 for the body with its fields in the order that the vendor documents."},
		"escaped slashes":     {signed: alert, came: strings.ReplaceAll(alert, "/", `\/`), want: `secret 1 for the body with slashes that are not escaped (/).`},
		"escaped letters":     {signed: alert, came: dumps(t, alert, ", separators=(',', ':')"), want: `secret 1 for the body with characters that are not escaped (é).`},
		"secret with a space": {signed: alert, came: alert, key: secret + " ", want: "secret 1 with a space at its end."},
		"secret in base64":    {signed: alert, came: alert, configured: base64.StdEncoding.EncodeToString([]byte(secret)), want: "secret 1 decoded from base64."},
		"another vendor's":    {signed: alert, came: alert, key: otherSecret, want: "entry 1 of LOGINRADIUS_SECRETS, which is for another vendor."},

		// Their reverse.
		"lost new line":         {signed: alert + "\n", came: alert, want: "secret 1 for the body with a line feed at its end."},
		"LF":                    {signed: "{\n\"event\":\"x\"}\n", came: "{\r\n\"event\":\"x\"}\r\n", want: "secret 1 for the body with LF line ends."},
		"lost byte order mark":  {signed: "\ufeff" + alert, came: alert, want: "secret 1 for the body with a byte order mark before it."},
		"lost indentation":      {signed: indented(t), came: alert, want: "secret 1 for the body indented by two spaces."},
		"sorted by the vendor":  {signed: dumps(t, alert, ", sort_keys=True, separators=(',', ':'), ensure_ascii=False"), came: alert, want: "secret 1 for the body with its fields in alphabetical order."},
		"slashes escaped there": {signed: strings.ReplaceAll(alert, "/", `\/`), came: alert, want: `secret 1 for the body with slashes escaped (\/).`},
		"letters escaped there": {signed: dumps(t, alert, ", separators=(',', ':')"), came: alert, want: `secret 1 for the body with characters beyond ASCII escaped (\u00e9), as Python writes it.`},
		"configured in base64":  {signed: alert, came: alert, key: base64.StdEncoding.EncodeToString([]byte(secret)), want: "secret 1 in base64."},
		"configured space":      {signed: alert, came: alert, configured: secret + " ", want: "secret 1 without the white space around it."},

		// Others.
		"Python":                     {signed: dumps(t, alert, ", ensure_ascii=False"), came: alert, want: "secret 1 for the body with a space after each comma and colon, as Python writes it."},
		"Python, by JavaScript":      {signed: dumps(t, alert, ""), came: stringify(t, dumps(t, alert, ""), ""), want: `secret 1 for the body with a space after each comma and colon, as Python writes it, and with characters beyond ASCII escaped (\u00e9), as Python writes it, and with one of its numbers with a point (1.0, not 1).`},
		"JavaScript":                 {signed: alert, came: stringify(t, alert, ""), want: "secret 1 for the body with one of its numbers with a point (1.0, not 1)."},
		"JavaScript, indented":       {signed: stringify(t, alert, ""), came: indented(t), want: "secret 1 for the body without white space between its fields, and with its numbers as JavaScript writes them (1, not 1.0 or 1e0)."},
		"re-indented and a new line": {signed: alert, came: indented(t) + "\n", want: "secret 1 for the body without white space between its fields."},
		"re-indented at the vendor, and a new line": {signed: indented(t) + "\n", came: alert, want: "secret 1 for the body indented by two spaces, and with a line feed at its end."},
		"Windows":                {signed: strings.ReplaceAll(indented(t), "\n", "\r\n"), came: alert, want: "secret 1 for the body indented by two spaces, and with CRLF line ends."},
		"Go":                     {signed: strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(alert), came: alert, want: `secret 1 for the body with < > & escaped (\u003c), as Go writes it.`},
		"exponent":               {signed: strings.Replace(alert, "4000", "4e3", 1), came: alert, want: "secret 1 for the body with its numbers with an exponent (1e3)."},
		"ISO 8859-1":             {signed: strings.Replace(alert, "ë", "\xeb", 1), came: alert, want: "secret 1 for the body in ISO 8859-1."},
		"Windows-1252":           {signed: `{"event":"` + "\x80" + `"}`, came: `{"event":"€"}`, want: "secret 1 for the body in Windows-1252."},
		"UTF-8":                  {signed: alert, came: strings.Replace(alert, "ë", "\xeb", 1), want: "secret 1 for the body in UTF-8 instead of ISO 8859-1."},
		"read twice":             {signed: alert, came: strings.Replace(alert, "ë", "Ã«", 1), want: "secret 1 for the body in ISO 8859-1."},
		"nothing signed":         {signed: "", came: alert, want: "secret 1 for the body without anything in it."},
		"secret with a new line": {signed: alert, came: alert, key: secret + "\n", want: "secret 1 with a line feed at its end."},
		"secret in quotes":       {signed: alert, came: alert, configured: `"` + secret + `"`, want: "secret 1 without its quotation marks."},
		"secret in hex":          {signed: alert, came: alert, configured: hex.EncodeToString([]byte(secret)), want: "secret 1 decoded from hexadecimal."},
		"secret with escapes":    {signed: alert, came: alert, configured: "canary-Relock%2Fsecret-1%3F", want: "secret 1 with its %-escapes decoded."},
		"Standard Webhooks":      {signed: alert, came: alert, configured: "whsec_" + base64.StdEncoding.EncodeToString([]byte(secret)), want: "secret 1 without whsec_ and decoded from base64."},
		"another's password":     {signed: alert, came: alert, key: "canary-p@ssword", want: "the password of entry 1 of UNLOC_CREDENTIALS, which is for another vendor."},
		"a UserLock ID":          {signed: alert, came: alert, key: strings.ToUpper(id), want: "entry 1 of USERLOCK_IDS, which is for another vendor, in upper case."},
		"space and new line":     {signed: alert, came: alert + "\n", key: secret + " ", want: "secret 1 with a space at its end for the body without the line feed at its end."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, configured := or(test.key, secret), or(test.configured, secret)
			q := relockRequest(t, sign(t, key, test.signed), test.came)
			r := explained(t, "relock", q, given("relock", configured))
			assert.False(t, r.Accepted)
			assert.Equal(t, "The signature is that of "+test.want, r.Cause)
			assert.NotEmpty(t, r.Advice)
			if !strings.Contains(test.want, ", and ") && name != "a UserLock ID" && name != "space and new line" {
				assert.Equal(t, r.Cause, explain.Quick(vendor(t, "relock"), q, given("relock", configured)).Cause, "one mistake is found quickly")
			}
		})
	}
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// What is wrong with the header, and the signature in it is found nevertheless.
func TestSignatureHeader(t *testing.T) {
	good := hmacOf(secret, alert)
	binary := string(must(hex.DecodeString(good)))
	const name = "X-Relock-Signature: "
	for title, test := range map[string]struct {
		head  string
		cause string
	}{
		"none":           {"", "There is no header X-Relock-Signature."},
		"Authorization":  {"Authorization: Basic Z2F0ZTpjYW5hcnktcEBzc3dvcmQ=", "There is no header X-Relock-Signature. There is an Authorization header, as in requests of unloc."},
		"another name":   {"X-Relock-Signature-256: sha256=" + good, "There is no header X-Relock-Signature. The signature may be in X-Relock-Signature-256. The signature is that of secret 1."},
		"without X":      {"Relock-Signature: " + good, "There is no header X-Relock-Signature. The signature may be in Relock-Signature. The signature is that of secret 1."},
		"underscores":    {"X_Relock_Signature: " + good, "There is no header X-Relock-Signature. The signature may be in X_relock_signature. The signature is that of secret 1."},
		"of LoginRadius": {"signature: " + hmacOf(otherSecret, alert), "This is a request of loginradius, not of relock."},
		"twice":          {name + good + "\r\n" + name + good, "The header X-Relock-Signature is there 2 times, with the same value. The signature is that of secret 1."},
		"two":            {name + strings.Repeat("0", 64) + "\r\n" + name + good, "The header X-Relock-Signature is there 2 times, with different values. The signature is that of secret 1."},
		"two in a line":  {name + good + ", " + good, "The header X-Relock-Signature has 2 values, as if a proxy had joined repeated headers. The signature is that of secret 1."},
		"empty":          {name, "The header X-Relock-Signature is empty."},
		"prefix":         {name + "sha256=" + good, "The header X-Relock-Signature begins with a prefix such as sha256=. The signature is that of secret 1."},
		"scheme":         {name + "HMAC-SHA256 " + good, "The header X-Relock-Signature begins with a prefix such as sha256=. The signature is that of secret 1."},
		"base64":         {name + base64.StdEncoding.EncodeToString([]byte(binary)), "The header X-Relock-Signature is base64, not hex, as SHA-256 has. The signature is that of secret 1."},
		"base64 of URLs": {name + "v1=" + base64.RawURLEncoding.EncodeToString([]byte(binary)), "The header X-Relock-Signature begins with a prefix such as sha256=, and is base64, not hex, as SHA-256 has. The signature is that of secret 1."},
		"quotes":         {name + `"` + good + `"`, "The header X-Relock-Signature has quotation marks around it. The signature is that of secret 1."},
		"spaces":         {name + good[:32] + " " + good[32:], "The header X-Relock-Signature has spaces, colons or hyphens within it. The signature is that of secret 1."},
		"Stripe":         {name + "t=1700000000,v1=" + good, "The header X-Relock-Signature has several parts, as those of Stripe. The signature is that of secret 1."},
		"short":          {name + good[:62], "The header X-Relock-Signature has 62 hex digits."},
		"placeholder":    {name + "test-signature", "The header X-Relock-Signature is not a signature: it has 14 characters, not all of them hex digits."},
		"masked":         {name + "[redacted]", "The header X-Relock-Signature is masked."},
		"SHA-1":          {name + strings.TrimSpace(tool(t, alert, "python3", "-c", "import hmac,sys; print(hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), 'sha1').hexdigest())", secret)), "The header X-Relock-Signature has 40 hex digits, as SHA-1 has. The signature is that of secret 1."},
		"SHA-512":        {name + strings.TrimSpace(tool(t, alert, "python3", "-c", "import hmac,sys; print(hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), 'sha512').hexdigest())", secret)), "The header X-Relock-Signature has 128 hex digits, as SHA-512 has. The signature is that of secret 1."},
		"no HMAC":        {name + strings.TrimSpace(tool(t, secret+alert, "python3", "-c", "import hashlib,sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())")), "The signature is that of a hash without an HMAC, with secret 1 before the body."},
		"timestamp":      {name + hmacOf(secret, "1700000000."+alert) + "\r\nX-Relock-Timestamp: 1700000000", "The signature is that of secret 1 for the body with a timestamp from a header before it."},
		"wrong":          {name + strings.Repeat("ab", 32), ""},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			q, err := capture.Read(strings.NewReader("POST / HTTP/1.1\r\nHost: example.com\r\n" + test.head + "\r\n\r\n" + alert))
			require.NoError(t, err)
			r := explained(t, "relock", q, given(""))
			assert.False(t, r.Accepted)
			assert.Equal(t, test.cause, r.Cause)
			assert.NotEmpty(t, r.Advice)
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestAccepted(t *testing.T) {
	q := relockRequest(t, sign(t, secret, alert), alert)
	r := explained(t, "relock", q, given("relock", otherSecret, secret))
	assert.True(t, r.Accepted)
	require.Len(t, r.Steps, 6)
	assert.Equal(t, []explain.Step{
		{true, "The method is POST."},
		{true, "The body has no content encoding."},
		{true, "The header X-Relock-Signature is there once, with 64 hex digits."},
		{true, fmt.Sprintf("The body has %d bytes, of 65536 that are taken.", len(alert))},
		{true, "The signature is that of secret 2."},
	}, r.Steps[:5])
	assert.Regexp(t, `^The body decodes as the event security.alert \("security.alert"\), of 2026-01-02T03:04:05Z \([0-9hms]+ before now\), with the ID [0-9a-f]{64}.$`, r.Steps[5].Text)
	assert.Empty(t, r.Notes)
	assert.Empty(t, r.Cause)
}

// All that LoginRadius sends may be in either of two orders.
func TestOrderOfLoginRadius(t *testing.T) {
	const object = `{"Id":"o1","IsActive":true,"DateCreated":"2026-01-02T03:04:05Z","DateModified":"2026-01-02T03:04:05Z","IsDeleted":false,"Uid":"u1","CustomObject":{"z":1,"a":[{"y":1,"b":2}]}}`
	for _, body := range []string{
		`{"HookName":"login","Time":"2026-01-02T03:04:05Z","HookId":"h1","Data":{"Uid":"u1","Provider":"Email"}}`,
		`{"HookName":"login","HookId":"h1","Data":{"Uid":"u1","Provider":"Email"},"Time":"2026-01-02T03:04:05Z"}`,
		`{"HookName":"updatecustomobject","Time":"2026-01-02T03:04:05Z","HookId":"h1","Data":` + object + `}`,
		`{"HookName":"updatecustomobject","HookId":"h1","Data":` + object + `,"Time":"2026-01-02T03:04:05Z"}`,
	} {
		came := tool(t, body, "python3", "-c", `import json,sys
d = json.loads(sys.stdin.read())
if "object" in d["HookName"]:
    d["Data"] = {k: d["Data"][k] for k in sorted(d["Data"])}
print(json.dumps({k: d[k] for k in sorted(d)}, separators=(',', ':')), end='')`)
		require.NotEqual(t, body, came)
		q := capture.Body([]byte(came), http.Header{"Signature": {strings.ToUpper(sign(t, otherSecret, body))}})
		r := explained(t, "loginradius", q, given(""))
		assert.Equal(t, "The signature is that of secret 1 for the body with its fields in the order that the vendor documents.", r.Cause)
		assert.Contains(t, strings.Join(r.Notes, "\n"), "The method is not known. It is taken for POST.")
	}
}

// What is wrong beside the signature, and the steps after it.
func TestOtherSteps(t *testing.T) {
	signed := func(body string) string { return "X-Relock-Signature: " + hmacOf(secret, body) + "\r\n" }
	large := `{"event":"` + strings.Repeat("a", 64<<10) + `"}`
	const odd = `{"event":"new.thing","data":{"timestamp":12}}`
	for name, test := range map[string]struct {
		text        string
		credentials map[string]envsecret.Values
		step        string // one that is not OK
		cause       string
		note        string
	}{
		"GET":           {"GET / HTTP/1.1\r\n" + signed(alert) + "\r\n" + alert, nil, "The method is GET, and must be POST (405).", "The request has the method GET.", ""},
		"gzip":          {"POST / HTTP/1.1\r\nContent-Encoding: identity, gzip\r\n" + signed(alert) + "\r\n" + alert, nil, "The body has the content encoding gzip, which no vendor uses (415).", "The body is compressed.", ""},
		"large":         {"POST / HTTP/1.1\r\n" + signed(large) + "\r\n" + large, nil, "The body has 65548 bytes, and at most 65536 are taken (413).", "The body is too large.", ""},
		"malformed":     {"POST / HTTP/1.1\r\n" + signed("[1]") + "\r\n[1]", nil, "The body cannot be decoded (400): verify: malformed body: relock: body is not a JSON object.", "The body is not a JSON object.", ""},
		"no secret":     {"POST / HTTP/1.1\r\n" + signed(alert) + "\r\n" + alert, map[string]envsecret.Values{}, "There is no secret to check the request with: give -secret-file, or set RELOCK_SECRETS.", "", ""},
		"short secret":  {"POST / HTTP/1.1\r\nX-Relock-Signature: " + hmacOf("short", alert) + "\r\n\r\n" + alert, given("relock", "short"), "A receiver does not start with these credentials: relock: Config.Secrets[0] has fewer than 16 bytes.", "The signature is that of secret 1.", ""},
		"lost body":     {"POST / HTTP/1.1\r\nContent-Length: 200\r\n" + signed(alert) + "\r\n", nil, "The signature matches no secret (401). Tried: 1.\nThe body cannot be decoded (400): verify: malformed body: relock: body is not a JSON object.", "The body is missing.", "The body has 0 bytes, and Content-Length says 200: the capture has lost a part of it, or another tool has changed it."},
		"unknown event": {"POST / HTTP/1.1\r\n" + signed(odd) + "\r\n" + odd, nil, "", "", `The event "new.thing" is not known. It has the type unknown, which callbacks for other types do not get.`},
		"masked":        {"POST / HTTP/1.1\r\nAccesshook-Masked: the values of the query\r\nAccesshook-Masked: names or values in the body: 1\r\nAccesshook-Finding: one\r\nX-Relock-Signature: " + strings.Repeat("0", 64) + "\r\n\r\n" + alert, nil, "The credential cannot be checked any more: the recording has masked names or values in the body: 1.", "", ""},
		"not masked":    {"POST / HTTP/1.1\r\nAccesshook-Masked: the values of the query\r\n" + signed(alert) + "\r\n" + alert + "\n", nil, "The signature matches no secret (401). Tried: 1.", "The signature is that of secret 1 for the body without the line feed at its end.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := capture.Read(strings.NewReader(test.text))
			require.NoError(t, err)
			if test.credentials == nil {
				test.credentials = given("")
			}
			r := explained(t, "relock", q, test.credentials)
			var refused []string
			for _, s := range r.Steps {
				if !s.OK {
					refused = append(refused, s.Text)
				}
			}
			assert.Equal(t, test.step, strings.Join(refused, "\n"))
			assert.Equal(t, test.cause, r.Cause)
			assert.Equal(t, test.cause != "", r.Cause != "" && r.Advice != "")
			assert.Contains(t, strings.Join(r.Notes, "\n"), test.note)
		})
	}
	q := relockRequest(t, hmacOf(secret, odd), odd)
	r := explained(t, "relock", q, given(""))
	assert.Equal(t, "Warning: /data/timestamp: want time, got number.", r.Steps[len(r.Steps)-1].Text)
	q, err := capture.Read(strings.NewReader("POST / HTTP/1.1\r\nAccesshook-Finding: one\r\nAccesshook-Finding: " + secret + "\r\nAccesshook-Recorded: 2026-01-02T03:04:06Z\r\n" + signed(alert) + "\r\n" + alert))
	require.NoError(t, err)
	r = explained(t, "relock", q, given(""))
	assert.Equal(t, []string{"one", "[hidden]"}, r.Recorded)
	assert.Contains(t, r.Steps[len(r.Steps)-1].Text, "(1s before the request)")
}

// A body of a megabyte is answered within seconds, and a search without end is not made.
func TestLargeBody(t *testing.T) {
	body := `{"HookName":"login","Data":{"Uid":"` + strings.Repeat("é/1", 250_000) + `"}}`
	came := body + "\n"
	for want, signature := range map[string]string{
		"": hmacOf(otherSecret, "x"),
		"secret 1 for the body without the line feed at its end": hmacOf(otherSecret, body),
		`secret 1 for the body with slashes escaped (\/)`:        hmacOf(otherSecret, strings.ReplaceAll(came, "/", `\/`)),
		// What is tried last of all that is one mistake.
		"entry 1 of RELOCK_SECRETS, which is for another vendor": hmacOf(secret, came),
	} {
		began := time.Now()
		r := explained(t, "loginradius", capture.Body([]byte(came), http.Header{"Signature": {signature}}), given(""))
		t.Logf("%s: %v", want, time.Since(began))
		if want == "" {
			assert.Empty(t, r.Cause)
			assert.Regexp(t, `The search for a cause was cut short after [0-9]+ tries\.`, strings.Join(r.Notes, "\n"))
		} else {
			assert.Equal(t, "The signature is that of "+want+".", r.Cause)
		}
	}
}
