package unlocapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/unloctest"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
	"github.com/accesshook/accesshook/verify"
)

// answers has the access log answered with pages, one after another.
func answers(t *testing.T, s *unloctest.Server, pages ...string) {
	var asked atomic.Int32 // from any connection
	s.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if isToken(r) {
			return false
		}
		if n := int(asked.Add(1)); assert.LessOrEqual(t, n, len(pages), "a page too many is asked for") {
			_, _ = w.Write([]byte(pages[n-1]))
		}
		return true
	}
}

func TestAccessLogPages(t *testing.T) {
	for events := range 9 {
		for size := range 5 {
			s := unloctest.New(t, nil)
			var want []string
			for i := range events {
				id := "e" + strconv.Itoa(i)
				want = append(want, id)
				s.Happen(unloc.AccessEvent{ID: id})
			}
			ids, err := readLog(t.Context(), newClient(t, s.Config()), unlocapi.AccessLogQuery{PageSize: size})
			require.NoError(t, err)
			assert.Equal(t, want, ids, "%d events in pages of %d", events, size)
			pages := 1
			if size > 0 {
				pages = max(1, (events+size-1)/size)
			}
			assert.Len(t, s.Requests("/access"), pages)
		}
	}
}

func TestAccessLogQuery(t *testing.T) {
	s := unloctest.New(t, nil)
	client := newClient(t, s.Config())
	s.Happen(unloc.AccessEvent{ID: "e1", LockID: "l-4", AppUserID: "+4790001234"})
	s.Happen(unloc.AccessEvent{ID: "e2", LockID: "l-5", AppUserID: "+4790001234"})
	s.Happen(unloc.AccessEvent{ID: "e3", LockID: "l-4", AppUserID: "4790001234"})
	for _, c := range []struct {
		query unlocapi.AccessLogQuery
		sent  url.Values
		want  []string
	}{
		{unlocapi.AccessLogQuery{}, url.Values{}, []string{"e1", "e2", "e3"}},
		{unlocapi.AccessLogQuery{AppUserID: "+4790001234"}, url.Values{"appUserId": {"+4790001234"}}, []string{"e1", "e2"}},
		{unlocapi.AccessLogQuery{LockID: "l-4"}, url.Values{"lockId": {"l-4"}}, []string{"e1", "e3"}},
		{unlocapi.AccessLogQuery{ExcludeSubprojectEvents: true, PageSize: 2500}, url.Values{"excludeSubprojectEvents": {"true"}, "limit": {"2500"}}, []string{"e1", "e2", "e3"}},
	} {
		ids, err := readLog(t.Context(), client, c.query)
		require.NoError(t, err)
		assert.Equal(t, c.want, ids)
		requests := s.Requests("/access")
		assert.Equal(t, c.sent, requests[len(requests)-1].Query, "nothing else")
	}
	for _, size := range []int{-1, 2501} {
		_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{PageSize: size})
		assert.ErrorContains(t, err, "unlocapi: AccessLogQuery.PageSize")
	}
	assert.Len(t, s.Requests("/access"), 4)
}

// What is not documented of the answer is tolerated.
func TestAccessLogAnswers(t *testing.T) {
	const one, two = `{"id":"e1"}`, `{"id":"e2"}`
	for name, c := range map[string]struct {
		pages []string
		want  []string
		err   string
	}{
		"a plural noun":                 {[]string{`{"accessEvents":[` + one + `,` + two + `]}`}, []string{"e1", "e2"}, ""},
		"another name":                  {[]string{`{"logs":[` + one + `]}`}, []string{"e1"}, ""},
		"a list alone":                  {[]string{`[` + one + `]`}, []string{"e1"}, ""},
		"a byte order mark":             {[]string{"\ufeff[" + one + `]`}, []string{"e1"}, ""},
		"an empty list alone":           {[]string{` [ ] `}, nil, ""},
		"other members":                 {[]string{`{"count":1,"links":{"self":["x"]},"events":[` + one + `],"took":3}`}, []string{"e1"}, ""},
		"an empty list before":          {[]string{`{"warnings":[ ],"events":[` + one + `]}`}, []string{"e1"}, ""},
		"a list of texts before":        {[]string{`{"warnings":["old"],"events":[` + one + `]}`}, []string{"e1"}, ""},
		"an empty list after":           {[]string{`{"events":[` + one + `],"warnings":[]}`}, []string{"e1"}, ""},
		"no events":                     {[]string{`{"accessEvents":[]}`}, nil, ""},
		"no events, null":               {[]string{`{"accessEvents":null,"startAfterId":null}`}, nil, ""},
		"nothing":                       {[]string{`{}`}, nil, ""},
		"an empty cursor":               {[]string{`{"e":[` + one + `],"startAfterId":""}`}, []string{"e1"}, ""},
		"a null cursor":                 {[]string{`{"e":[` + one + `],"startAfterId":null}`}, []string{"e1"}, ""},
		"a cursor":                      {[]string{`{"startAfterId":"c1","e":[` + one + `]}`, `{"e":[` + two + `]}`}, []string{"e1", "e2"}, ""},
		"a cursor in other letters":     {[]string{`{"startafterid":"c1","e":[` + one + `]}`, `{"e":[` + two + `]}`}, []string{"e1", "e2"}, ""},
		"a number as cursor":            {[]string{`{"startAfterId":12345678901234567890,"e":[` + one + `]}`, `{"e":[` + two + `]}`}, []string{"e1", "e2"}, ""},
		"an empty page with a cursor":   {[]string{`{"e":[],"startAfterId":"c1"}`, `{"startAfterId":"c2"}`, `{"e":[` + two + `]}`}, []string{"e2"}, ""},
		"an event in two pages":         {[]string{`{"e":[` + one + `],"startAfterId":"c1"}`, `{"e":[` + one + `,` + two + `]}`}, []string{"e1", "e1", "e2"}, ""},
		"items that are no events":      {[]string{`[null,` + one + `,"x",7,[` + two + `],` + two + `]`}, []string{"e1", "e2"}, "malformed body"},
		"items nested too deep":         {[]string{`[{"x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `},` + two + `]`}, []string{"e2"}, "malformed body"},
		"broken UTF-8":                  {[]string{"[{\"id\":\"e1\",\"lockName\":\"D\xf8r\"}]"}, []string{"e1"}, ""},
		"a cursor that comes again":     {[]string{`{"e":[` + one + `],"startAfterId":"c1"}`, `{"e":[` + one + `],"startAfterId":"c1"}`}, []string{"e1", "e1"}, "cursor came again"},
		"a cursor that is no text":      {[]string{`{"e":[` + one + `],"startAfterId":{"id":"c1"}}`}, nil, "startAfterId is no cursor"},
		"a cursor that is false":        {[]string{`{"e":[` + one + `],"startAfterId":false}`}, nil, "startAfterId is no cursor"},
		"a huge cursor":                 {[]string{`{"e":[` + one + `],"startAfterId":"` + strings.Repeat("c", 2000) + `"}`}, nil, "startAfterId is no cursor"},
		"no list":                       {[]string{`{"message":"moved"}`}, nil, "no list of events"},
		"a list within":                 {[]string{`{"data":{"events":[` + one + `]}}`}, nil, "no list of events"},
		"a string":                      {[]string{`"x"`}, nil, "no list of events"},
		"not JSON":                      {[]string{`<html>`}, nil, "not JSON"},
		"empty":                         {[]string{``}, nil, "not JSON"},
		"half a page":                   {[]string{`{"e":[` + one + `,`}, nil, "not JSON"},
		"a second page that is no page": {[]string{`{"e":[` + one + `],"startAfterId":"c1"}`, `{"e":[` + two}, []string{"e1"}, "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			s := unloctest.New(t, nil)
			answers(t, s, c.pages...)
			ids, err := readLog(t.Context(), newClient(t, s.Config()), unlocapi.AccessLogQuery{})
			assert.Equal(t, c.want, ids)
			if c.err == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, "unlocapi: access log: ")
				assert.ErrorContains(t, err, c.err)
			}
			requests := s.Requests("/access")
			assert.Len(t, requests, len(c.pages))
			for i, r := range requests {
				assert.Equal(t, i > 0, r.Query.Has("startAfterId"))
			}
		})
	}
}

// Every item that is no event has an error, and the rest is read.
func TestAccessLogItemsThatAreNoEvents(t *testing.T) {
	s := unloctest.New(t, nil)
	answers(t, s, `["a secret of the log",{"id":"e1"},null]`)
	var got []string
	for e, err := range newClient(t, s.Config()).AccessLog(t.Context(), unlocapi.AccessLogQuery{}) {
		if err != nil {
			assert.ErrorIs(t, err, verify.ErrMalformed)
			assert.NotContains(t, err.Error(), "secret of the log")
			assert.Empty(t, e)
		}
		got = append(got, e.ID)
	}
	assert.Equal(t, []string{"", "e1", ""}, got)
}

// An answer without content has no events.
func TestAccessLogNoContent(t *testing.T) {
	s := unloctest.New(t, nil)
	s.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !isToken(r) {
			w.WriteHeader(http.StatusNoContent)
		}
		return !isToken(r)
	}
	ids, err := readLog(t.Context(), newClient(t, s.Config()), unlocapi.AccessLogQuery{})
	assert.NoError(t, err)
	assert.Empty(t, ids)
}

// A list alone has no place for a cursor. If it is as long as a page may be, there may be
// more, and nobody would know.
func TestAccessLogThatMayBeCutOff(t *testing.T) {
	page := func(n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(`{"id":"e"},`, n), ",") + "]"
	}
	for _, c := range []struct {
		query unlocapi.AccessLogQuery
		n     int
		cut   bool
	}{
		{unlocapi.AccessLogQuery{}, 2499, false},
		{unlocapi.AccessLogQuery{}, 2500, true},
		{unlocapi.AccessLogQuery{PageSize: 3}, 2, false},
		{unlocapi.AccessLogQuery{PageSize: 3}, 3, true},
	} {
		s := unloctest.New(t, nil)
		answers(t, s, page(c.n))
		ids, err := readLog(t.Context(), newClient(t, s.Config()), c.query)
		assert.Len(t, ids, c.n)
		assert.Equal(t, c.cut, err != nil, err)
		if c.cut {
			assert.ErrorContains(t, err, "there may be more")
		}
		s = unloctest.New(t, nil)
		answers(t, s, `{"accessEvents":`+page(c.n)+`}`)
		_, err = readLog(t.Context(), newClient(t, s.Config()), c.query)
		assert.NoError(t, err, "with a place for one, none means the end")
	}
}

// Cursors that go round in a circle of any length come to an end.
func TestAccessLogInACircle(t *testing.T) {
	for tail := range 5 {
		for length := 1; length < 12; length++ {
			s := unloctest.New(t, nil)
			var asked atomic.Int32
			s.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if isToken(r) {
					return false
				}
				at := int(asked.Add(1)) - 1
				if at >= tail {
					at = tail + (at-tail)%length
				}
				fmt.Fprintf(w, `{"e":[{"id":"e%d"}],"startAfterId":"c%[1]d"}`, at)
				return true
			}
			_, err := readLog(t.Context(), newClient(t, s.Config()), unlocapi.AccessLogQuery{})
			assert.ErrorContains(t, err, "cursor came again")
			assert.Less(t, int(asked.Load()), 5*(tail+length)+2)
		}
	}
}

// A loop that ends asks for nothing more.
func TestAccessLogStops(t *testing.T) {
	s := unloctest.New(t, nil)
	for i := range 10 {
		s.Happen(unloc.AccessEvent{ID: strconv.Itoa(i)})
	}
	client := newClient(t, s.Config())
	log := client.AccessLog(t.Context(), unlocapi.AccessLogQuery{PageSize: 2})
	assert.Empty(t, s.Requests(""), "nothing is asked before the loop begins")
	for e, err := range log {
		require.NoError(t, err)
		if e.ID == "3" { // the last of a page
			break
		}
	}
	assert.Len(t, s.Requests("/access"), 2)

	ids := 0
	for _, err := range log {
		require.NoError(t, err)
		ids++
	}
	assert.Equal(t, 10, ids, "another loop begins at the start")
}

func TestAccessLogContext(t *testing.T) {
	s := unloctest.New(t, nil)
	for i := range 10 {
		s.Happen(unloc.AccessEvent{ID: strconv.Itoa(i)})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	count := 0
	var failed error
	for _, err := range newClient(t, s.Config()).AccessLog(ctx, unlocapi.AccessLogQuery{PageSize: 2}) {
		if err != nil {
			failed = errors.Join(failed, err)
			continue // as nobody should
		}
		count++
		cancel()
	}
	assert.Equal(t, 2, count)
	assert.ErrorIs(t, failed, context.Canceled)
	assert.Len(t, s.Requests("/access"), 1)
}

// A page that is larger than any page of the documented size is not read.
func TestAccessLogHugePage(t *testing.T) {
	s := unloctest.New(t, nil)
	answers(t, s, "["+strings.Repeat(" ", 17<<20)+"]")
	_, err := readLog(t.Context(), newClient(t, s.Config()), unlocapi.AccessLogQuery{})
	assert.ErrorContains(t, err, "larger than the limit")
}

// An event has what could be read of it.
func TestAccessLogTolerates(t *testing.T) {
	s := unloctest.New(t, nil)
	answers(t, s, `{"accessEvents":[{"ID":17,"action":"viewedCode","created":"yesterday","appUserId":null,"lockId":"l-4","batteryLevel":0.7}]}`)
	for e, err := range newClient(t, s.Config()).AccessLog(t.Context(), unlocapi.AccessLogQuery{}) {
		require.NoError(t, err)
		assert.Equal(t, "17", e.ID)
		assert.Equal(t, "viewedCode", e.Action)
		assert.Equal(t, "l-4", e.LockID)
		assert.True(t, e.Created.IsZero())
		assert.Contains(t, e.Extra, "created")
		assert.Contains(t, e.Extra, "batteryLevel")
	}
}
