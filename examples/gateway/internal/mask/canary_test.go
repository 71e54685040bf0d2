package mask_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/verify"

	"github.com/accesshook/accesshook/examples/gateway/internal/mask"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

var now = time.Date(2026, 11, 30, 7, 15, 2, 0, time.UTC)

// bodies returns bodies of all vendors: a few that are played, and those of the folder
// that ACCESSHOOK_SAMPLES names.
func bodies(t *testing.T) (all [][]byte) {
	t.Helper()
	credentials := envsecret.Values{
		Secrets:     event.Secrets(vendors.RandomGUID()),
		Credentials: []verify.Credential{verify.NewCredential("gate", "a password of the tests")},
	}
	for _, v := range vendors.All {
		for i, payload := range v.Payloads(now) {
			if v.Name == "loginradius" && i%8 != 0 || v.Name == "userlock" && i%5 != 0 {
				continue // the others have the same members
			}
			r, err := v.Request(t.Context(), "http://gateway"+v.Path(), credentials, payload)
			require.NoError(t, err)
			var body bytes.Buffer
			_, err = body.ReadFrom(r.Body)
			require.NoError(t, err)
			all = append(all, body.Bytes())
		}
	}
	if folder := os.Getenv("ACCESSHOOK_SAMPLES"); folder != "" {
		files, err := filepath.Glob(filepath.Join(folder, "*", "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			all = append(all, body)
		}
	}
	return all
}

// edits calls use with body once for each of some thirty places in it, where put has put
// something.
func edits(t *testing.T, body []byte, put func(place int, was any) any, use func(edited []byte)) {
	t.Helper()
	step := 1 + bytes.Count(body, []byte(","))/8
	for place := 0; ; place += step {
		in := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
		in.UseNumber()
		var tree any
		require.NoError(t, in.Decode(&tree))
		at := 0
		tree = edit(tree, func(was any) any {
			defer func() { at++ }()
			if at == place {
				return put(place, was)
			}
			return was
		})
		if at <= place {
			return
		}
		edited, err := json.Marshal(tree)
		require.NoError(t, err)
		use(edited)
	}
}

// edit calls put for each value of a tree, and for each name.
func edit(tree any, put func(any) any) any {
	switch v := tree.(type) {
	case map[string]any:
		edited := make(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			value := edit(v[name], put)
			if renamed, ok := put(name).(string); ok {
				name = renamed
			}
			edited[name] = value
		}
		return put(edited)
	case []any:
		for i := range v {
			v[i] = edit(v[i], put)
		}
		return put(v)
	default:
		return put(v)
	}
}

// requireGone requires that no twelve characters of a text are left.
func requireGone(t *testing.T, kept []byte, canary, request string) {
	t.Helper()
	const window = 12
	haystack := strings.ToLower(string(kept))
	for from := 0; from+window <= len(canary); from++ {
		if part := strings.ToLower(canary[from : from+window]); strings.Contains(haystack, part) {
			require.Fail(t, "a part of a credential is left", "%q of %q in\n%s\nfrom\n%s", part, canary, kept, request)
		}
	}
}

// unescaped returns the names and values of a JSON text.
func unescaped(kept []byte) []byte {
	var all []byte
	in := json.NewDecoder(bytes.NewReader(kept))
	for {
		token, err := in.Token()
		if err != nil {
			return all
		}
		all = fmt.Append(all, token, "\n")
	}
}

// No credential is kept, wherever it stands in a body and however it is written.
func TestNoCanaryIsLeft(t *testing.T) {
	m := newMasker()
	secrets, names := []string{id, secret, other, password, digits}, slices.Sorted(maps.Keys(forms))
	n := 0
	for _, body := range bodies(t) {
		var canary, form string
		put := func(_ int, was any) any {
			n++
			s := secrets[n%len(secrets)]
			name := names[n/len(secrets)%len(names)]
			if s == id && strings.Contains(name, "base64") {
				name = "clear"
			}
			canary, form = s, forms[name](s)
			switch was := was.(type) {
			case map[string]any:
				was["lockName"] = []any{form, map[string]any{form: 1}}
				return was
			case []any:
				return append(was, form)
			case json.Number:
				canary, form = digits, digits
				return json.Number(digits + "1")
			default:
				return form
			}
		}
		edits(t, body, put, func(edited []byte) {
			vendor := vendors.All[n%len(vendors.All)].Name
			kept, _ := m.Pass(vendor, &capture.Request{Header: make(http.Header), Body: edited}).Request("/")
			requireJSON(t, kept.Body)
			for _, text := range [][]byte{kept.Body, unescaped(kept.Body)} {
				requireGone(t, text, canary, string(edited))
				requireGone(t, text, form, string(edited))
			}
		})
	}
	require.Greater(t, n, 250)
	t.Log(n, "places")
}

// No credential is kept that is in the head of a request, or in what is said about it.
func TestNoCanaryIsLeftOfAHead(t *testing.T) {
	m := newMasker()
	headers := []string{"Host", "User-Agent", "Content-Type", "X-Forwarded-For", "Forwarded", "Request-Id", "Authorization", "Signature", "X-Relock-Signature", "Cookie", "X-Any"}
	for _, s := range []string{id, secret, other, password, digits} {
		for _, form := range forms {
			text := form(s)
			target := "/webhooks/relock?" + url.QueryEscape(text) + "&" + text + "=1&a=" + url.QueryEscape(text)
			q := &capture.Request{Method: text, Proto: text, Target: target, Header: make(http.Header), Body: []byte("{}")}
			for _, name := range headers {
				q.Header.Add(name, text)
				q.Header.Add(name, "a "+text)
			}
			q.Header[http.CanonicalHeaderKey(text)] = []string{"x"}
			p := m.Pass("relock", q)
			kept, what := p.Request("/webhooks/relock")
			kept.Notes = append(kept.Notes, p.Text("because of "+text), p.Pointer("/"+text+"/a"))
			kept.Notes = append(kept.Notes, what...)
			var raw bytes.Buffer
			require.NoError(t, kept.Write(&raw))
			if s == id && strings.Contains(raw.String(), "ab12cd34-****") {
				continue
			}
			requireGone(t, raw.Bytes(), s, target)
			requireGone(t, raw.Bytes(), text, target)
			unescaped, err := url.QueryUnescape(strings.ReplaceAll(raw.String(), "%", "%25"))
			require.NoError(t, err)
			requireGone(t, []byte(unescaped), s, target)
		}
	}
}

// fill puts a word into each secret of a value, and one element into each list.
func fill(v reflect.Value, words *int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), words)
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), words)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[event.Secret]() {
			*words++
			v.Set(reflect.ValueOf(event.NewSecret(fmt.Sprintf("zq%dzq", *words))))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), words)
			}
		}
	case reflect.String:
		v.SetString("harmless")
	}
}

// The secrets in LoginRadius's bodies are not kept at the endpoint of any vendor, whether
// they are where they are documented or not.
func TestLoginRadiusSecrets(t *testing.T) {
	hook, words := &loginradius.Hook{HookName: "login", Profile: new(loginradius.Profile)}, 0
	fill(reflect.ValueOf(hook.Profile).Elem(), &words)
	require.Greater(t, words, 5)
	r, err := loginradius.NewRequest(t.Context(), "http://gateway", other, hook)
	require.NoError(t, err)
	var sent bytes.Buffer
	_, err = sent.ReadFrom(r.Body)
	require.NoError(t, err)
	body := sent.String()
	require.Equal(t, words, strings.Count(body, `"zq`))
	names := strings.NewReplacer(`"Password"`, `"Pwd"`, `"AccessToken"`, `"Key"`, `"PIN":"`, `"Pin2":"`, `"TokenSecret"`, `"Zusatz"`)
	for name, drifted := range map[string]string{
		"as documented": body,
		"other names":   names.Replace(body),
		"letter case":   strings.ToLower(body),
		"in lists":      strings.NewReplacer(`"zq`, `["zq`, `zq"`, `zq"]`).Replace(body),
		"in objects":    strings.NewReplacer(`"zq`, `{"Name":"zq`, `zq"`, `zq"}`).Replace(body),
		"without Data":  strings.Replace(body, `"Data":{`, `"User":{`, 1),
		"in the root":   strings.Replace(strings.TrimSuffix(body, "}"), `"Data":{`, "", 1),
		"in a text":     fmt.Sprintf(`{"event":"x","data":{"details":%q}}`, body),
	} {
		for _, v := range vendors.All {
			q := &capture.Request{Header: make(http.Header), Body: []byte(drifted)}
			kept, _ := new(mask.Masker).Pass(v.Name, q).Request("/")
			requireJSON(t, kept.Body)
			require.NotContains(t, string(kept.Body), "zq", "%s at %s", name, v.Name)
			if name != "in a text" && name != "without Data" {
				require.Contains(t, string(kept.Body), "harmless", "%s at %s", name, v.Name)
			}
		}
	}
}

// What a vendor sends is kept but for what is masked on purpose: drift can be looked at.
func TestPlayedBodiesStay(t *testing.T) {
	for _, body := range bodies(t) {
		if bytes.Contains(body, []byte(`"UserLockId"`)) || bytes.Contains(body, []byte(`"HookName"`)) || bytes.Contains(body, []byte(`"created"`)) || os.Getenv("ACCESSHOOK_SAMPLES") != "" {
			continue // they have GUIDs
		}
		q := &capture.Request{Header: make(http.Header), Body: body}
		kept, _ := newMasker().Pass("relock", q).Request("/")
		if bytes.Contains(body, []byte(`"details"`)) {
			require.Contains(t, string(kept.Body), `"details":{"attempts":"[redacted number]"}`)
			continue
		}
		require.Equal(t, string(body), string(kept.Body))
	}
}

func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{"event":"a","data":{"userId":"` + secret + `"}}`, `[{"x":[1e3,"\ud800"]}]`, "\ufeff{}", `{"a":1,"a":2}x`, `{"\u0043anary":"` + id + `"}`} {
		f.Add([]byte(seed))
	}
	m := newMasker()
	f.Fuzz(func(t *testing.T, body []byte) {
		q := &capture.Request{Header: make(http.Header), Body: body}
		kept, _ := m.Pass("userlock", q).Request("/")
		if len(kept.Body) == 0 {
			return
		}
		requireJSON(t, kept.Body)
		shown := strings.ToLower(string(unescaped(kept.Body)))
		for _, s := range []string{secret, other, password, digits, id[9:]} {
			require.NotContains(t, shown, strings.ToLower(s))
		}
	})
}
