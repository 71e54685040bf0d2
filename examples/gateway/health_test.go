package main

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary"})
	for method, want := range map[string]struct {
		status int
		body   string
		allow  string
	}{
		http.MethodGet:    {200, `{"status":"ok"}`, ""},
		http.MethodHead:   {200, "", ""},
		http.MethodPost:   {405, "Method Not Allowed\n", "GET, HEAD"},
		http.MethodDelete: {405, "Method Not Allowed\n", "GET, HEAD"},
	} {
		t.Run(method, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), method, p.url+"/healthz", nil)
			require.NoError(t, err)
			answer, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			assert.Equal(t, want.status, answer.StatusCode)
			assert.Equal(t, want.body, string(body))
			assert.Equal(t, want.allow, answer.Header.Get("Allow"))
		})
	}
}
