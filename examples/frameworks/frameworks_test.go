package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

const secret = "the secret of the webhook"

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	m.Run()
}

func newHook(t *testing.T, c verify.Config) *verify.Endpoint {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(secret), Endpoint: c})
	require.NoError(t, err)
	return hook
}

func TestFrameworks(t *testing.T) {
	for _, f := range frameworks {
		t.Run(f.name, func(t *testing.T) {
			server := httptest.NewServer(f.with(newHook(t, verify.Config{})))
			defer server.Close()
			url := server.URL + "/webhooks/relock"

			r, err := relock.NewRequest(t.Context(), url, secret, &relock.SessionCreated{UserID: "u-ada"})
			require.NoError(t, err)
			sent, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			status, body, err := send(t.Context(), url, secret)
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, status)
			want := "session.started in " + strconv.Itoa(len(sent)) + " bytes"
			if f.name == "function" {
				want = `{"received":true}`
			}
			assert.Equal(t, want, strings.TrimSpace(string(body)))

			status, body, err = send(t.Context(), url, "the secret of somebody else")
			require.NoError(t, err)
			assert.Equal(t, http.StatusUnauthorized, status)
			assert.NotContains(t, string(body), "session.started")

			res, err := http.Get(url)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
			assert.Equal(t, http.MethodPost, res.Header.Get("Allow"))
		})
	}
}

// A handler that fails gets the event again: the middleware sees its answer.
func TestFailureIsSeen(t *testing.T) {
	fail := errors.New("away")
	for name, with := range map[string]func(*verify.Endpoint, func() error) http.Handler{
		"echo": func(hook *verify.Endpoint, do func() error) http.Handler {
			return echoAround(hook, func(c *echo.Context) error {
				if err := do(); err != nil {
					return err
				}
				return c.NoContent(http.StatusNoContent)
			})
		},
		"gin": func(hook *verify.Endpoint, do func() error) http.Handler {
			return ginAround(hook, func(c *gin.Context) {
				c.Status(http.StatusNoContent)
				if do() != nil {
					c.Status(http.StatusInternalServerError)
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(with(newHook(t, verify.Config{Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})}}), func() error {
				if calls++; calls == 1 {
					return fail
				}
				return nil
			}))
			defer server.Close()
			for _, want := range []int{500, 204, 200} { // failed, done, and dropped as a duplicate
				status, _, err := send(t.Context(), server.URL+"/webhooks/relock", secret)
				require.NoError(t, err)
				assert.Equal(t, want, status)
			}
			assert.Equal(t, 2, calls)
		})
	}
}

func TestFromQueue(t *testing.T) {
	r, err := relock.NewRequest(t.Context(), "/", secret, &relock.SessionCreated{UserID: "u-ada"})
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	e, err := fromQueue(newHook(t, verify.Config{}), r.Header, body)
	require.NoError(t, err)
	assert.Equal(t, event.SessionStarted, e.Type)
	_, err = fromQueue(newHook(t, verify.Config{}), r.Header, append(body, ' '))
	assert.ErrorIs(t, err, verify.ErrUnauthenticated)
}

func TestDemo(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, runDemo(t.Context(), &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 2*len(frameworks))
	for i, f := range frameworks {
		assert.Regexp(t, "^"+f.name+" +200 ", lines[2*i])
		assert.Regexp(t, "^"+f.name+" +401 ", lines[2*i+1])
	}
}

func TestUnknownFramework(t *testing.T) {
	t.Setenv("RELOCK_WEBHOOK_SECRET", secret)
	assert.ErrorContains(t, runService(context.Background(), "beego"), "no such framework")
	t.Setenv("RELOCK_WEBHOOK_SECRET", "")
	assert.ErrorContains(t, runService(context.Background(), "chi"), "RELOCK_WEBHOOK_SECRET")
}
