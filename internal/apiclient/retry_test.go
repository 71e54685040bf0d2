package apiclient_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/apiclient"
)

// A POST may create something each time that it is sent.
func TestWhatIsSentAgain(t *testing.T) {
	const once, always = 1, 4
	get, put, del := "GET", "PUT", "DELETE"
	for _, c := range []struct {
		status     int
		retryAfter string
		idempotent int
		post       int
	}{
		{200, "", once, once},
		{204, "", once, once},
		{301, "", once, once},
		{307, "1", once, once},
		{400, "", once, once},
		{401, "", once, once},
		{403, "1", once, once},
		{404, "", once, once},
		{408, "", always, once},
		{409, "", once, once},
		{425, "", once, once},
		{429, "", always, always},
		{429, "1", always, always},
		{500, "", always, once},
		{500, "1", always, once},
		{501, "", once, once},
		{502, "", always, once},
		{503, "", always, once},
		{503, "1", always, always},
		{503, "0", always, always},
		{503, "soon", always, once},
		{504, "", always, once},
	} {
		for _, r := range []apiclient.Request{
			{Method: get}, {Method: "HEAD"}, {Method: put, Body: []byte("{}")}, {Method: del},
			{Method: "POST", Body: []byte("{}"), Repeatable: true},
			{Method: "POST", Body: []byte("{}")}, {Method: "PATCH", Body: []byte("{}")}, {Method: "BREW"},
		} {
			want := c.idempotent
			if strings.Contains("POST PATCH BREW", r.Method) && !r.Repeatable {
				want = c.post
			}
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				client, done := inMemory(t, apiclient.Config{}, func(w http.ResponseWriter, _ *http.Request) {
					calls++
					if c.retryAfter != "" {
						w.Header().Set("Retry-After", c.retryAfter)
					}
					w.WriteHeader(c.status)
				})
				defer done()
				r.Path = "/"
				a, err := client.Do(t.Context(), r)
				require.NoError(t, err)
				assert.Equal(t, c.status, a.Status)
				assert.Equal(t, want, calls, "%s, status %d, Retry-After %q", r.Method, c.status, c.retryAfter)
			})
		}
	}
}

func TestPauses(t *testing.T) {
	date := func(after time.Duration) string { return time.Now().Add(after).UTC().Format(http.TimeFormat) }
	second := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	growing := [][2]time.Duration{{second(0.25), second(0.5)}, {second(0.5), second(1)}, {second(1), second(2)}}
	all := func(d time.Duration) [][2]time.Duration { return [][2]time.Duration{{d, d}, {d, d}, {d, d}} }
	for name, c := range map[string]struct {
		config apiclient.Config
		header func(http.Header)
		want   [][2]time.Duration // least and most
	}{
		"none":        {header: func(http.Header) {}, want: growing},
		"seconds":     {header: func(h http.Header) { h.Set("Retry-After", "7") }, want: all(second(7))},
		"spaces":      {header: func(h http.Header) { h.Set("Retry-After", " 7 ") }, want: all(second(7))},
		"the longest": {header: func(h http.Header) { h.Set("Retry-After", "60") }, want: all(second(60))},
		"too long":    {header: func(h http.Header) { h.Set("Retry-After", "61") }, want: nil},
		"huge":        {header: func(h http.Header) { h.Set("Retry-After", strings.Repeat("9", 400)) }, want: nil},
		"overflowing": {header: func(h http.Header) { h.Set("Retry-After", "9223372037") }, want: nil},
		"zero":        {header: func(h http.Header) { h.Set("Retry-After", "0") }, want: growing},
		"negative":    {header: func(h http.Header) { h.Set("Retry-After", "-7") }, want: growing},
		"fraction":    {header: func(h http.Header) { h.Set("Retry-After", "7.5") }, want: growing},
		"words":       {header: func(h http.Header) { h.Set("Retry-After", "soon") }, want: growing},
		"date":        {header: func(h http.Header) { h.Set("Retry-After", date(5*time.Second)) }, want: all(second(5))},
		"RFC 850": {header: func(h http.Header) {
			h.Set("Retry-After", time.Now().Add(5*time.Second).UTC().Format("Monday, 02-Jan-06 15:04:05 GMT"))
		}, want: all(second(5))},
		"past":     {header: func(h http.Header) { h.Set("Retry-After", date(-time.Hour)) }, want: growing},
		"far date": {header: func(h http.Header) { h.Set("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT") }, want: nil},
		"server's clock is an hour ahead": {header: func(h http.Header) {
			h.Set("Date", date(time.Hour))
			h.Set("Retry-After", date(time.Hour+5*time.Second))
		}, want: all(second(5))},
		"no Date": {header: func(h http.Header) {
			h["Date"] = nil
			h.Set("Retry-After", date(5*time.Second))
		}, want: all(second(5))},
		"MaxWait": {
			config: apiclient.Config{MaxWait: 2 * time.Second},
			header: func(h http.Header) { h.Set("Retry-After", "3") }, want: nil,
		},
		"MaxWait bounds what grows": {
			config: apiclient.Config{MaxWait: time.Second / 2},
			header: func(http.Header) {}, want: [][2]time.Duration{growing[0], growing[0], growing[0]},
		},
		"MaxAttempts": {config: apiclient.Config{MaxAttempts: 2}, header: func(http.Header) {}, want: growing[:1]},
		"one attempt": {config: apiclient.Config{MaxAttempts: 1}, header: func(http.Header) {}, want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var at []time.Time
				client, done := inMemory(t, c.config, func(w http.ResponseWriter, _ *http.Request) {
					at = append(at, time.Now())
					c.header(w.Header())
					w.WriteHeader(http.StatusTooManyRequests)
				})
				defer done()
				a, err := client.Do(t.Context(), apiclient.Request{Method: "GET", Path: "/"})
				require.NoError(t, err)
				assert.Equal(t, http.StatusTooManyRequests, a.Status)
				require.Len(t, at, len(c.want)+1)
				assert.Equal(t, at[len(at)-1], time.Now(), "no pause after the last attempt")
				for i, want := range c.want {
					pause := at[i+1].Sub(at[i])
					assert.True(t, want[0] <= pause && pause <= want[1], "pause %d: %v, want %v", i+1, pause, want)
				}
			})
		})
	}
}

// A body may ask for a pause, and a header counts more.
func TestHint(t *testing.T) {
	for _, c := range []struct {
		header string
		hint   time.Duration
		least  time.Duration
		most   time.Duration
	}{
		{"", 9 * time.Second, 9 * time.Second, 9 * time.Second},
		{"7", 9 * time.Second, 7 * time.Second, 7 * time.Second},
		{"", 0, time.Second / 4, time.Second / 2},
		{"", -time.Second, time.Second / 4, time.Second / 2},
		{"", time.Hour, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, done := inMemory(t, apiclient.Config{MaxAttempts: 2}, func(w http.ResponseWriter, _ *http.Request) {
				if c.header != "" {
					w.Header().Set("Retry-After", c.header)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			})
			defer done()
			start := time.Now()
			_, err := client.Do(t.Context(), apiclient.Request{Method: "POST", Path: "/", Hint: func(*apiclient.Answer) time.Duration { return c.hint }})
			require.NoError(t, err)
			pause := time.Since(start)
			assert.True(t, c.least <= pause && pause <= c.most, "%v of %+v", pause, c)
		})
	}
}

// Clients that were refused at one time do not come back at one time.
func TestPausesDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pauses := make(map[time.Duration]bool)
		for range 8 {
			var last time.Time
			client, done := inMemory(t, apiclient.Config{MaxAttempts: 2}, func(w http.ResponseWriter, _ *http.Request) {
				last = time.Now()
				w.WriteHeader(http.StatusTooManyRequests)
			})
			start := time.Now()
			_, err := client.Do(t.Context(), apiclient.Request{Method: "GET", Path: "/"})
			require.NoError(t, err)
			pauses[last.Sub(start)] = true
			done()
		}
		assert.Greater(t, len(pauses), 1)
	})
}

func TestRetryAfterOfAnAnswer(t *testing.T) {
	a := &apiclient.Answer{Header: http.Header{}}
	assert.Zero(t, a.RetryAfter())
	a.Header.Set("Retry-After", "7")
	assert.Equal(t, 7*time.Second, a.RetryAfter())
	a.Header.Set("Date", "Tue, 14 May 2024 12:00:00 GMT")
	a.Header.Set("Retry-After", "Tue, 14 May 2024 12:01:00 GMT")
	assert.Equal(t, time.Minute, a.RetryAfter())
}

// A pause that the deadline cuts is not begun: the caller learns more from the answer.
func TestDeadlineBeforeThePauseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		client, done := inMemory(t, apiclient.Config{}, func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		defer done()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		a, err := client.Do(ctx, apiclient.Request{Method: "GET", Path: "/"})
		require.NoError(t, err)
		assert.Equal(t, 30*time.Second, a.RetryAfter())
		assert.Equal(t, 1, calls)
		assert.Zero(t, time.Since(start))
	})
}

// Whatever Do waits for, the end of its context ends it at once.
func TestContextEndsEverything(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"header": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"body": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("begun"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
		"pause": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "40")
			w.WriteHeader(http.StatusServiceUnavailable)
		},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(name+", "+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					client, done := inMemory(t, apiclient.Config{}, h)
					defer done()
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(10*time.Second, cancel)
					start := time.Now()
					_, err := client.Do(ctx, apiclient.Request{Method: method, Path: "/things", Body: []byte("{}")})
					require.ErrorIs(t, err, context.Canceled)
					assert.NotErrorIs(t, err, context.DeadlineExceeded)
					assert.Equal(t, 10*time.Second, time.Since(start))
					assert.Regexp(t, `^acmeapi: `+method+` /things: .*context canceled`, err.Error())
				})
			})
		}
	}
}

// A server that is slow is asked again; a caller that has no more time is not kept.
func TestTimeout(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"header": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"body": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte("."))
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Second)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				client, done := inMemory(t, apiclient.Config{Timeout: 5 * time.Second, MaxAttempts: 2}, func(w http.ResponseWriter, r *http.Request) {
					calls.Add(1)
					h(w, r)
				})
				defer done()
				_, err := client.Do(t.Context(), apiclient.Request{Method: "GET", Path: "/"})
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.True(t, isTimeout(err))
				assert.EqualError(t, err, "acmeapi: GET /: after 2 attempts: no whole answer within 5s")
				assert.EqualValues(t, 2, calls.Load())

				_, err = client.Do(t.Context(), apiclient.Request{Method: "POST", Path: "/"})
				assert.EqualError(t, err, "acmeapi: POST /: no whole answer within 5s")
				assert.EqualValues(t, 3, calls.Load())

				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				start := time.Now()
				_, err = client.Do(ctx, apiclient.Request{Method: "GET", Path: "/"})
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.True(t, isTimeout(err))
				assert.Equal(t, 2*time.Second, time.Since(start))
			})
		})
	}
}

func TestDefaultTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, done := inMemory(t, apiclient.Config{MaxAttempts: 1}, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		defer done()
		start := time.Now()
		_, err := client.Do(t.Context(), apiclient.Request{Method: "GET", Path: "/"})
		require.Error(t, err)
		assert.Equal(t, apiclient.DefaultTimeout, time.Since(start))
	})
}
