package relockapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/relock/relockapi"
)

// Relock's pages have six forms of an error.
func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   relockapi.Error
		text   string
	}{
		"endpoints.md": {
			400, `{"success":false,"error":{"code":"INVALID_REQUEST","message":"Missing url","details":{"field":"url"}},"meta":{"timestamp":"2024-05-14T12:00:00Z","requestId":"req_17"}}`,
			relockapi.Error{Code: "INVALID_REQUEST", Message: "Missing url", Details: `{"field":"url"}`, RequestID: "req_17"},
			`relockapi: status 400 INVALID_REQUEST: Missing url: {"field":"url"} (request req_17)`,
		},
		"authentication.md": {
			429, `{"success":false,"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too fast","details":{"limit":100,"window":"1 minute","retryAfter":90}}}`,
			relockapi.Error{Code: "RATE_LIMIT_EXCEEDED", Message: "Too fast", Details: `{"limit":100,"window":"1 minute","retryAfter":90}`, RetryAfter: 90 * time.Second},
			`relockapi: status 429 RATE_LIMIT_EXCEEDED: Too fast: {"limit":100,"window":"1 minute","retryAfter":90}`,
		},
		"status-codes.md": {
			429, `{"status":"error","error":{"code":"RATE_LIMIT_API","message":"Too fast","details":{"limit":1000,"retry_after":"90.5","reset_time":"2024-05-14T13:00:00Z"}},"timestamp":"2024-05-14T12:00:00Z","request_id":"req_18"}`,
			relockapi.Error{
				Code: "RATE_LIMIT_API", Message: "Too fast", Details: `{"limit":1000,"retry_after":"90.5","reset_time":"2024-05-14T13:00:00Z"}`,
				RequestID: "req_18", RetryAfter: 90500 * time.Millisecond,
			},
			`relockapi: status 429 RATE_LIMIT_API: Too fast: {"limit":1000,"retry_after":"90.5","reset_time":"2024-05-14T13:00:00Z"} (request req_18)`,
		},
		"status-codes.md, details in a list": {
			400, `{"status":"error","error":{"code":"VALIDATION","message":"Wrong","details":[{"field":"url"},{"field":"events"}]},"request_id":"req_18"}`,
			relockapi.Error{Code: "VALIDATION", Message: "Wrong", Details: `[{"field":"url"},{"field":"events"}]`, RequestID: "req_18"},
			`relockapi: status 400 VALIDATION: Wrong: [{"field":"url"},{"field":"events"}] (request req_18)`,
		},
		"api-reference.md": {
			401, `{"error":{"code":"INVALID_TOKEN","message":"Wrong key","details":"It has expired","timestamp":"2024-05-14T12:00:00Z","request_id":"req_19"}}`,
			relockapi.Error{Code: "INVALID_TOKEN", Message: "Wrong key", Details: "It has expired", RequestID: "req_19"},
			`relockapi: status 401 INVALID_TOKEN: Wrong key: It has expired (request req_19)`,
		},
		"gateway-api.md": {
			417, `{"success":false,"error":"Wrong signature","status_code":417,"status_info":"Expectation failed"}`,
			relockapi.Error{Message: "Wrong signature", Details: "Expectation failed"},
			`relockapi: status 417: Wrong signature: Expectation failed`,
		},
		"relock-api.yaml": {
			401, `{"status_code":401,"message":"No session"}`,
			relockapi.Error{Message: "No session"},
			`relockapi: status 401: No session`,
		},

		"success false": {200, `{"success":false,"error":{"code":"X","message":"No"}}`, relockapi.Error{Code: "X", Message: "No"}, `relockapi: status 200 X: No`},
		"success 0":     {201, `{"success":0}`, relockapi.Error{Message: "the answer says that the request failed"}, `relockapi: status 201: the answer says that the request failed`},
		"status error":  {200, `{"status":"error","message":"No"}`, relockapi.Error{Message: "No"}, `relockapi: status 200: No`},
		"status fail":   {200, `{"status":"fail"}`, relockapi.Error{Message: "the answer says that the request failed"}, `relockapi: status 200: the answer says that the request failed`},
		"status_code":   {200, `{"status_code":409,"message":"No"}`, relockapi.Error{Message: "No"}, `relockapi: status 200: No`},
		"error alone":   {200, `{"error":"No"}`, relockapi.Error{Message: "No"}, `relockapi: status 200: No`},

		"page of a proxy":   {502, `<html>who knows</html>`, relockapi.Error{Message: "Bad Gateway"}, `relockapi: status 502: Bad Gateway`},
		"nothing":           {500, ``, relockapi.Error{Message: "Internal Server Error"}, `relockapi: status 500: Internal Server Error`},
		"page of a portal":  {200, `<html>Log in</html>`, relockapi.Error{Message: "the answer is no JSON object"}, `relockapi: status 200: the answer is no JSON object`},
		"list":              {200, `[]`, relockapi.Error{Message: "the answer is no JSON object"}, `relockapi: status 200: the answer is no JSON object`},
		"cut off":           {400, `{"success":false,"err`, relockapi.Error{Message: "Bad Request"}, `relockapi: status 400: Bad Request`},
		"nothing of use":    {418, `{"error":null,"meta":[]}`, relockapi.Error{Message: "I'm a teapot"}, `relockapi: status 418: I'm a teapot`},
		"unknown status":    {599, `{}`, relockapi.Error{}, `relockapi: status 599`},
		"numbers":           {400, `{"error":{"code":17,"message":18,"request_id":19}}`, relockapi.Error{Code: "17", Message: "18", RequestID: "19"}, `relockapi: status 400 17: 18 (request 19)`},
		"negative pause":    {429, `{"error":{"message":"No","details":{"retryAfter":-5}}}`, relockapi.Error{Message: "No", Details: `{"retryAfter":-5}`}, `relockapi: status 429: No: {"retryAfter":-5}`},
		"pause of garbage":  {429, `{"error":{"message":"No","details":{"retryAfter":"soon"}}}`, relockapi.Error{Message: "No", Details: `{"retryAfter":"soon"}`}, `relockapi: status 429: No: {"retryAfter":"soon"}`},
		"endless pause":     {429, `{"error":{"message":"No","details":{"retryAfter":1e300}}}`, relockapi.Error{Message: "No", Details: `{"retryAfter":1e300}`, RetryAfter: 100 * 365 * 24 * time.Hour}, `relockapi: status 429: No: {"retryAfter":1e300}`},
		"invisible letters": {400, `{"message":"a\u001b[31m\u202eb"}`, relockapi.Error{Message: `a\u001b[31m\u202eb`}, `relockapi: status 400: a\u001b[31m\u202eb`},
	} {
		t.Run(name, func(t *testing.T) {
			server := newRelock(t, answers(c.status, c.body))
			client, err := relockapi.New(relockapi.Config{APIKey: event.NewSecret(apiKey), BaseURL: server.URL + "/api/v1", MaxAttempts: 1})
			require.NoError(t, err)
			_, err = client.ConfigureWebhook(t.Context(), myWebhook())
			var got *relockapi.Error
			require.ErrorAs(t, err, &got)
			c.want.Status = c.status
			assert.Empty(t, cmp.Diff(&c.want, got))
			assert.EqualError(t, err, c.text)
		})
	}
}

// The limit and the refusal are those of the server, which does as the page says.
func TestRefusals(t *testing.T) {
	server := newRelock(t)
	client := server.client(t)
	for range 20 {
		_, err := client.ConfigureWebhook(t.Context(), myWebhook())
		require.NoError(t, err)
	}
	server.answerNext(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "75") // longer than it is waited for
		answer(w, 429, `{"success":false,"error":{"code":"RATE_LIMIT_EXCEEDED","details":{"retryAfter":60}}}`)
	})
	_, err := client.ConfigureWebhook(t.Context(), myWebhook())
	var refused *relockapi.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 75*time.Second, refused.RetryAfter)
	requests, _ := server.seen()
	assert.Equal(t, 21, requests)

	other, err := relockapi.New(relockapi.Config{APIKey: event.NewSecret("relock_sk_other"), BaseURL: server.URL + "/api/v1"})
	require.NoError(t, err)
	_, err = other.ConfigureWebhook(t.Context(), myWebhook())
	assert.EqualError(t, err, "relockapi: status 401 INVALID_API_KEY: Invalid API key (request req_17)")
}

func TestErrorIsBounded(t *testing.T) {
	long := strings.Repeat("漢", 3000)
	server := newRelock(t, answers(400, `{"request_id":"`+long+`","error":{"code":"`+long+`","message":"`+long+`","details":"`+long+escapetest.Escape(escapetest.Text)+`"}}`))
	_, err := server.client(t).ConfigureWebhook(t.Context(), myWebhook())
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 2100)
	escapetest.AssertEscaped(t, err.Error())
}
