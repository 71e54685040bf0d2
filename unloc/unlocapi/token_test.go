package unlocapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/unloctest"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
)

// A token is used until shortly before it expires, whatever the answer says.
func TestTokenIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		answer string // the members beside the token
		life   time.Duration
	}{
		"as documented":  {`,"expires_in":3600`, 59 * time.Minute},
		"short":          {`,"expires_in":60`, 54 * time.Second},
		"a fraction":     {`,"expires_in":100.5`, 90*time.Second + 450*time.Millisecond},
		"a string":       {`,"expires_in":"3600"`, 59 * time.Minute},
		"missing":        {``, 5 * time.Minute},
		"null":           {`,"expires_in":null`, 5 * time.Minute},
		"zero":           {`,"expires_in":0`, 5 * time.Minute},
		"negative":       {`,"expires_in":-3600`, 5 * time.Minute},
		"no number":      {`,"expires_in":"soon"`, 5 * time.Minute},
		"not a number":   {`,"expires_in":"NaN"`, 5 * time.Minute},
		"an object":      {`,"expires_in":{"s":1}`, 5 * time.Minute},
		"a year":         {`,"expires_in":31536000`, 24*time.Hour - time.Minute},
		"absurd":         {`,"expires_in":1e300`, 24*time.Hour - time.Minute},
		"infinite":       {`,"expires_in":"Inf"`, 24*time.Hour - time.Minute},
		"too many zeros": {`,"expires_in":1` + strings.Repeat("0", 400), 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tokens := 0
				client := newClient(t, transport(func(r *http.Request) (int, string, error) {
					if isToken(r) {
						tokens++
						return 200, `{"access_token":"eyJ.x"` + c.answer + `}`, nil
					}
					return 200, `[]`, nil
				}).config())
				read := func() {
					_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
					require.NoError(t, err)
				}
				read()
				time.Sleep(c.life - time.Millisecond)
				read()
				assert.Equal(t, 1, tokens, "before it expires")
				time.Sleep(2 * time.Millisecond)
				read()
				assert.Equal(t, 2, tokens, "after")
			})
		})
	}
}

// The time counts from the request on: an answer may be slow.
func TestTokenAgesWhileItIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := 0
		client := newClient(t, transport(func(r *http.Request) (int, string, error) {
			if isToken(r) {
				tokens++
				time.Sleep(20 * time.Second)
				return 200, `{"access_token":"eyJ.x","expires_in":10}`, nil
			}
			return 200, `[]`, nil
		}).config())
		for range 2 {
			_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
			require.NoError(t, err, "it is tried nevertheless")
		}
		assert.Equal(t, 2, tokens)
	})
}

func TestTokenIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := 0
		client := newClient(t, transport(func(r *http.Request) (int, string, error) {
			if isToken(r) {
				tokens++
				time.Sleep(time.Second)
				return 200, `{"access_token":"eyJ.x","expires_in":3600}`, nil
			}
			return 200, `[]`, nil
		}).config())
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Equal(t, 1, tokens)
	})
}

// A caller that gives up does not take the token away from the others. When all have
// given up, the request ends.
func TestTokenAndCallersThatGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended, tokens atomic.Int32
		client := newClient(t, transport(func(r *http.Request) (int, string, error) {
			if !isToken(r) {
				return 200, `[]`, nil
			}
			tokens.Add(1)
			select {
			case <-time.After(10 * time.Second):
				return 200, `{"access_token":"eyJ.x","expires_in":3600}`, nil
			case <-r.Context().Done():
				ended.Add(1)
				return 0, "", r.Context().Err()
			}
		}).config())
		read := func(timeout time.Duration) error {
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			defer cancel()
			_, err := readLog(ctx, client, unlocapi.AccessLogQuery{})
			return err
		}
		begun := time.Now()
		assert.ErrorIs(t, read(time.Second), context.DeadlineExceeded, "alone")
		assert.Equal(t, time.Second, time.Since(begun))
		synctest.Wait()
		assert.EqualValues(t, 1, ended.Load(), "nobody waits any more")

		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				if i == 0 {
					assert.ErrorIs(t, read(time.Second), context.DeadlineExceeded, "the first of them")
					return
				}
				assert.NoError(t, read(time.Minute))
			})
			synctest.Wait()
		}
		wg.Wait()
		assert.EqualValues(t, 2, tokens.Load())
		assert.EqualValues(t, 1, ended.Load())
	})
}

// An HTTPClient that panics, or ends its goroutine as a failing test does, neither ends
// the program nor keeps callers waiting.
func TestTokenAndHTTPClientThatDoesNotReturn(t *testing.T) {
	for name, fail := range map[string]func(){"panics": func() { panic("boom") }, "ends": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			tokens := 0
			client := newClient(t, transport(func(r *http.Request) (int, string, error) {
				if !isToken(r) {
					return 200, `[]`, nil
				}
				if tokens++; tokens == 1 {
					fail()
				}
				return 200, `{"access_token":"eyJ.x"}`, nil
			}).config())
			func() {
				defer func() {
					v := recover()
					assert.Equal(t, name == "panics", v != nil)
					if p, ok := v.(*event.PanicError); ok {
						assert.Equal(t, "boom", p.Value)
						assert.Contains(t, string(p.Stack), "token_test.go")
					}
				}()
				_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
				assert.ErrorContains(t, err, "unlocapi: access token: the HTTPClient ended its goroutine")
			}()
			_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
			assert.NoError(t, err, "the next call asks again")
		})
	}
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	s := unloctest.New(t, nil)
	s.Happen(unloc.AccessEvent{ID: "e1"})
	client := newClient(t, s.Config())
	for range 3 {
		ids, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
		require.NoError(t, err)
		require.Equal(t, []string{"e1"}, ids)
		s.Revoke()
	}
	assert.Len(t, s.Requests("/token/"), 3)
	assert.Len(t, s.Requests("/access"), 1+2+2)

	s.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !isToken(r) {
			http.Error(w, `{"error":"JsonWebTokenError","errorDescription":"JWT expired"}`, http.StatusUnauthorized)
		}
		return !isToken(r)
	}
	_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
	refused, ok := errors.AsType[*unlocapi.Error](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, 401, refused.Status)
	assert.Equal(t, "JsonWebTokenError", refused.Code)
	assert.Equal(t, "JWT expired", refused.Message)
	assert.Len(t, s.Requests("/token/"), 4)
	assert.Len(t, s.Requests("/access"), 5+2, "not in a loop")
}

// Many callers find out at once that their token is refused: one of them renews it, also
// if the new one has the same text.
func TestRefusedTokenOfManyIsRenewedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 100
		tokens, calls := 0, 0
		var mu sync.Mutex
		client := newClient(t, transport(func(r *http.Request) (int, string, error) {
			mu.Lock()
			defer mu.Unlock()
			if isToken(r) {
				tokens++
				return 200, `{"access_token":"eyJ.same","expires_in":3600}`, nil
			}
			calls++
			n := calls
			mu.Unlock()
			time.Sleep(time.Duration(n) * time.Millisecond) // answers come one after another
			mu.Lock()
			if n <= callers {
				return 401, `{}`, nil
			}
			return 200, `[]`, nil
		}).config())
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Equal(t, 2, tokens)
		assert.Equal(t, 2*callers, calls)
	})
}

// A token request is safe to send again.
func TestTokenRequestIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := 0
		c := transport(func(r *http.Request) (int, string, error) {
			if !isToken(r) {
				return 200, `[]`, nil
			}
			switch tokens++; tokens {
			case 1:
				return 0, "", errors.New("connection reset")
			case 2:
				return 502, "<html>", nil
			}
			return 200, `{"access_token":"eyJ.x"}`, nil
		}).config()
		c.MaxAttempts = 3
		_, err := readLog(t.Context(), newClient(t, c), unlocapi.AccessLogQuery{})
		assert.NoError(t, err)
		assert.Equal(t, 3, tokens)
	})
}

func TestTokenAnswersThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"not JSON":        {200, "<html>", "not the documented JSON"},
		"empty":           {200, "", "not the documented JSON"},
		"null":            {200, "null", "has none"},
		"none":            {200, `{"expires_in":3600}`, "has none"},
		"of another type": {200, `{"access_token":17}`, "not the documented JSON"},
		"a line break":    {200, `{"access_token":"a\r\nX-Admin: 1"}`, "has none"},
		"a space":         {200, `{"access_token":"a b"}`, "has none"},
		"not ASCII":       {200, `{"access_token":"kåre"}`, "has none"},
		"huge":            {200, `{"access_token":"` + strings.Repeat("a", 20<<10) + `"}`, "has none"},
		"no bearer":       {200, `{"access_token":"a","token_type":"mac"}`, "no bearer"},
		"refused":         {401, `{"error":"invalid_client","error_description":"Unknown client"}`, "status 401: Unknown client (invalid_client)"},
		"a redirect":      {302, ``, "redirects are not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			tokens := 0
			client := newClient(t, transport(func(r *http.Request) (int, string, error) {
				assert.True(t, isToken(r), "nothing else is sent")
				tokens++
				return c.status, c.body, nil
			}).config())
			for i := range 2 {
				_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
				assert.ErrorContains(t, err, "unlocapi: access token: ")
				assert.ErrorContains(t, err, c.want)
				assert.Equal(t, i+1, tokens, fmt.Sprint("an error is not kept: ", i))
			}
		})
	}
}
