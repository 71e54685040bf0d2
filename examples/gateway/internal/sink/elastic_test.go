package sink_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// An elastic takes bulk requests as Elasticsearch does, and knows documents by their _id.
type elastic struct {
	*httptest.Server

	mu        sync.Mutex
	down      bool                       // it closes connections without an answer
	hangs     chan struct{}              // requests wait for it, unless it is nil
	hanging   int                        // requests that came to wait
	accepts   string                     // the only Authorization header
	refuses   func(document string) bool // a document, with status 400
	documents map[string]string          // by _id
	again     int                        // creations of a document that was there
	batches   int
}

func newElastic(t *testing.T) *elastic {
	e := &elastic{documents: make(map[string]string)}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.serve(t, w, r) }))
	t.Cleanup(e.Close)
	return e
}

// set changes what it does.
func (e *elastic) set(change func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change()
}

func (e *elastic) serve(t *testing.T, w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	hangs := e.hangs
	if hangs != nil {
		e.hanging++
	}
	e.mu.Unlock()
	if hangs != nil {
		select {
		case <-hangs:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down {
		panic(http.ErrAbortHandler)
	}
	if e.accepts != "" && r.Header.Get("Authorization") != e.accepts {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	assert.Equal(t, "/_bulk", r.URL.Path)
	e.batches++
	var answer struct {
		Errors bool                        `json:"errors"`
		Items  []map[string]map[string]any `json:"items"`
	}
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var action struct {
			Create struct {
				ID string `json:"_id"`
			}
		}
		assert.NoError(t, json.Unmarshal(lines.Bytes(), &action))
		assert.NotEmpty(t, action.Create.ID)
		assert.True(t, lines.Scan())
		document, status := lines.Text(), http.StatusCreated
		_, there := e.documents[action.Create.ID]
		switch {
		case e.refuses != nil && e.refuses(document):
			status = http.StatusBadRequest
		case there:
			status = http.StatusConflict
			e.again++
		default:
			e.documents[action.Create.ID] = document
		}
		answer.Errors = answer.Errors || status != http.StatusCreated
		item := map[string]any{"_id": action.Create.ID, "status": status}
		if status != http.StatusCreated {
			item["error"] = map[string]any{"type": "mapper_parsing_exception", "reason": "canary"}
		}
		answer.Items = append(answer.Items, map[string]map[string]any{"create": item})
	}
	w.Header().Set("Content-Type", "application/json")
	assert.NoError(t, json.NewEncoder(w).Encode(answer))
}

// ids returns the IDs of the events that it has, sorted.
func (e *elastic) ids(t *testing.T) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	ids := []string{}
	for _, document := range e.documents {
		var d struct {
			Event struct{ ID string }
		}
		assert.NoError(t, json.Unmarshal([]byte(document), &d))
		ids = append(ids, d.Event.ID)
	}
	slices.Sort(ids)
	return ids
}

// has reports whether it has n documents.
func (e *elastic) has(n int) func() bool {
	return func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return len(e.documents) >= n
	}
}

// refusing refuses the documents with this text.
func refusing(text string) func(string) bool {
	return func(document string) bool { return strings.Contains(document, text) }
}
