package apiclient_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/apiclient"
)

func newClient(t *testing.T, c apiclient.Config) *apiclient.Client {
	t.Helper()
	c.Name = "acmeapi"
	client, err := apiclient.New(c)
	require.NoError(t, err)
	return client
}

// A body is sent again from its beginning.
func TestWholeBodyIsSentAgain(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.Equal(t, `{"a":1}`, string(body))
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		assert.Equal(t, "/v1/things/a%2Fb?q=x+y", r.RequestURI)
		if calls.Add(1) < 3 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer server.Close()
	client := newClient(t, apiclient.Config{BaseURL: server.URL + "/v1/"})
	a, err := client.Do(t.Context(), apiclient.Request{
		Method: http.MethodPut, Path: "/things/a%2Fb", Query: map[string][]string{"q": {"x y"}}, Body: []byte(`{"a":1}`),
	})
	require.NoError(t, err)
	assert.Equal(t, 200, a.Status)
	assert.EqualValues(t, 3, calls.Load())
}
