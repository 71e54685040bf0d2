package unlocapi_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/unloctest"
	"github.com/accesshook/accesshook/unloc/unlocapi"
)

// All forms of error become one type.
func TestErrors(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(`{"name":"p","reason":"r"},`, 100), ",")
	for name, c := range map[string]struct {
		status int
		header http.Header
		body   string
		want   unlocapi.Error
		text   string
	}{
		"of version 1": {400, nil, `{"error":"BadRequest","errorDescription":"No such lock"}`,
			unlocapi.Error{Code: "BadRequest", Message: "No such lock"}, "status 400: No such lock (BadRequest)"},
		"problem": {400, http.Header{"Content-Type": {"application/problem+json"}},
			`{"type":"about:blank","title":"Bad Request","detail":"lockId is not valid","status":400,"invalidParams":[{"name":"lockId","reason":"must be of type string"},{"name":"limit","reason":"too large"}]}`,
			unlocapi.Error{Message: "lockId is not valid", InvalidParams: []unlocapi.InvalidParam{{"lockId", "must be of type string"}, {"limit", "too large"}}},
			"status 400: lockId is not valid; lockId: must be of type string; limit: too large"},
		"problem with a title": {409, nil, `{"title":"May not do that"}`, unlocapi.Error{Message: "May not do that"}, "status 409: May not do that"},
		"OAuth":                {403, nil, `{"error":"invalid_scope","error_description":"Not this project"}`, unlocapi.Error{Code: "invalid_scope", Message: "Not this project"}, "status 403: Not this project (invalid_scope)"},
		"message and code":     {404, nil, `{"message":"Not here","code":"NotFound"}`, unlocapi.Error{Code: "NotFound", Message: "Not here"}, "status 404: Not here (NotFound)"},
		"a page of a proxy":    {502, nil, "<html>Bad gateway</html>", unlocapi.Error{Message: "Bad Gateway"}, "status 502: Bad Gateway"},
		"nothing":              {503, http.Header{"Retry-After": {"120"}}, "", unlocapi.Error{Message: "Service Unavailable", RetryAfter: 2 * time.Minute}, "status 503: Service Unavailable"},
		"a list":               {500, nil, `["x"]`, unlocapi.Error{Message: "Internal Server Error"}, "status 500: Internal Server Error"},
		"null":                 {429, nil, `null`, unlocapi.Error{Message: "Too Many Requests"}, "status 429: Too Many Requests"},
		"other types": {400, nil, `{"error":{"code":17},"detail":42,"title":"Odd","invalidParams":[7,{"name":1,"reason":"r"}]}`,
			unlocapi.Error{Message: "Odd", InvalidParams: []unlocapi.InvalidParam{{"", "r"}}}, "status 400: Odd; : r"},
		"params of another type": {400, nil, `{"title":"Odd","invalidParams":{"lockId":"r"}}`, unlocapi.Error{Message: "Odd"}, "status 400: Odd"},
		"invisible characters":   {400, nil, `{"detail":"a\u001b[2Kb\u202ec"}`, unlocapi.Error{Message: `a\u001b[2Kb\u202ec`}, `status 400: a\u001b[2Kb\u202ec`},
		"long":                   {400, nil, `{"detail":"` + strings.Repeat("x", 9000) + `"}`, unlocapi.Error{Message: strings.Repeat("x", 497) + "…"}, "status 400: xxx"},
		"many params":            {400, nil, `{"title":"Many","invalidParams":[` + many + `]}`, unlocapi.Error{Message: "Many", InvalidParams: make([]unlocapi.InvalidParam, 16)}, "status 400: Many; p: r"},
		"an unknown success":     {304, nil, "", unlocapi.Error{Message: "Not Modified: redirects are not followed, since the credentials would go elsewhere"}, "status 304: "},
	} {
		t.Run(name, func(t *testing.T) {
			s := unloctest.New(t, nil)
			s.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if isToken(r) {
					return false
				}
				for k := range c.header {
					w.Header().Set(k, c.header.Get(k))
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
				return true
			}
			ids, err := readLog(t.Context(), newClient(t, s.Config()), unlocapi.AccessLogQuery{})
			assert.Empty(t, ids)
			got, ok := errors.AsType[*unlocapi.Error](err)
			require.True(t, ok, "%v", err)
			c.want.Status = c.status
			if name == "many params" {
				for i := range c.want.InvalidParams {
					c.want.InvalidParams[i] = unlocapi.InvalidParam{Name: "p", Reason: "r"}
				}
			}
			assert.Empty(t, cmp.Diff(&c.want, got, cmpopts.IgnoreUnexported(unlocapi.Error{})))
			assert.True(t, strings.HasPrefix(err.Error(), "unlocapi: access log: "+c.text), err)
		})
	}
	assert.Equal(t, "unlocapi: status 404: Not here", (&unlocapi.Error{Status: 404, Message: "Not here"}).Error())
}
