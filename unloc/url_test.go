package unloc_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

func TestURL(t *testing.T) {
	for name, test := range map[string]struct{ base, want string }{
		"path":           {"https://hooks.example/webhooks/unloc", "https://doors:N7_x-k.2~Q@hooks.example/webhooks/unloc"},
		"no path":        {"https://hooks.example", "https://doors:N7_x-k.2~Q@hooks.example"},
		"port and query": {"https://hooks.example:8443/u?site=oslo", "https://doors:N7_x-k.2~Q@hooks.example:8443/u?site=oslo"},
		"IPv6":           {"https://[2001:db8::7]/u", "https://doors:N7_x-k.2~Q@[2001:db8::7]/u"},
		"upper case":     {"HTTPS://hooks.example/u", "https://doors:N7_x-k.2~Q@hooks.example/u"},
		"escaped path":   {"https://hooks.example/a%2Fb", "https://doors:N7_x-k.2~Q@hooks.example/a%2Fb"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := unloc.URL(test.base, "doors", "N7_x-k.2~Q")
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestURLRefusesBase(t *testing.T) {
	for name, base := range map[string]string{
		"empty":             "",
		"http":              "http://hooks.example/unloc",
		"no scheme":         "hooks.example/unloc",
		"scheme-relative":   "//hooks.example/unloc",
		"opaque":            "https:hooks.example",
		"no host":           "https:///unloc",
		"port without host": "https://:8443/unloc",
		"has a user":        "https://other@hooks.example/unloc",
		"has both":          "https://other:hunter2@hooks.example/unloc",
		"has an empty user": "https://@hooks.example/unloc",
		"no URL":            "https://other:hunter2@hooks.example:port/unloc",
		"control character": "https://hooks.example/hunter2\x7f",
		"fragment":          "https://hooks.example/unloc#hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := unloc.URL(base, "doors", "s3cr3t")
			require.Error(t, err)
			assert.Empty(t, got)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

func TestURLRefusesCredentials(t *testing.T) {
	refused := map[string]string{
		"empty": "", "blank": " ", "space inside": "hun ter2", "line feed": "hunter2\n", "tab": "\thunter2",
		"control": "hunter2\x00", "not ASCII": "hunter2ø", "no-break space": "hunter2\u00a0", "broken UTF-8": "hunter2\xff",
	}
	for _, c := range ":/?#[]@!$&'()*+,;=" + "%" + "\"<>\\^`{|}" {
		refused[string(c)] = "hunter2" + string(c)
	}
	for name, s := range refused {
		t.Run(name, func(t *testing.T) {
			for field, credential := range map[string][2]string{"user": {s, "s3cr3t"}, "password": {"doors", s}} {
				got, err := unloc.URL("https://hooks.example/unloc", credential[0], credential[1])
				require.ErrorContains(t, err, "unloc: "+field+" ")
				assert.Empty(t, got)
				assert.NotContains(t, err.Error(), "hunter2")
				assert.NotContains(t, err.Error(), "s3cr3t")
			}
		})
	}
}

// What a client makes of the URL is what New accepts.
func TestURLIsAccepted(t *testing.T) {
	hook := newHook(t, verify.NewCredential("doors", "N7_x-k.2~Q"))
	server := httptest.NewTLSServer(hook.Handler(event.NewMux()))
	defer server.Close()
	url, err := unloc.URL(server.URL+"/unloc", "doors", "N7_x-k.2~Q")
	require.NoError(t, err)
	answer, err := server.Client().Post(url, "application/json", body(unlocked))
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, http.StatusOK, answer.StatusCode)
}
