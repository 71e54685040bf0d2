package unlocapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

// MaxPageSize is how many events a page of the access log has at most.
const MaxPageSize = 2500

// An AccessLogQuery says which events of the access log to read. The zero AccessLogQuery
// is for all of the project.
type AccessLogQuery struct {
	// AppUserID is the user's mobile phone number in E.164 form: "+4790001234". Zero:
	// all users.
	AppUserID string
	// LockID is the lock. Zero: all locks.
	LockID string
	// ExcludeSubprojectEvents leaves out the events of subprojects.
	ExcludeSubprojectEvents bool
	// PageSize is how many events one request asks for, at most MaxPageSize. Zero:
	// MaxPageSize.
	PageSize int
}

// AccessLog reads the access log: what happened in the last 60 days, as far as the privacy
// policy of each lock allows. It asks for the next page when the events of one have been
// taken, and for no more once the loop ends. The order of the events is not documented, and
// one may come twice if the log grows meanwhile.
//
// An item that is no event yields an error that matches [verify.ErrMalformed], and the
// iteration goes on. Any other error is the last: an [*Error], or that of a transport or of
// ctx. An event has whatever fields could be read, see [unloc.Decode].
//
// See https://developer.unloc.app/reference/getaccesslog.
func (c *Client) AccessLog(ctx context.Context, q AccessLogQuery) iter.Seq2[unloc.AccessEvent, error] {
	return func(yield func(unloc.AccessEvent, error) bool) {
		for item, err := range c.items(ctx, q) {
			var e unloc.AccessEvent
			if err == nil {
				e, err = decodeItem(item)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func decodeItem(item []byte) (unloc.AccessEvent, error) {
	e, err := unloc.Decode(item)
	if err != nil {
		return unloc.AccessEvent{}, fmt.Errorf("unlocapi: access log: an item: %w: %w", verify.ErrMalformed, err)
	}
	return *e.Payload.(*unloc.AccessEvent), nil
}

var (
	errEndless  = errors.New("unlocapi: access log: a cursor came again: its pages would never end")
	errNoCursor = errors.New("unlocapi: access log: a full page came as a list alone, which has no place for a cursor: there may be more events")
)

// items reads the events of the access log as they were written. An error is the last.
func (c *Client) items(ctx context.Context, q AccessLogQuery) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		query, err := q.values()
		if err != nil {
			yield(nil, err)
			return
		}
		var earlier string // a cursor to know a circle by (Brent's algorithm)
		for n := 1; ; n++ {
			p, err := c.page(ctx, q, query)
			if err != nil {
				yield(nil, err)
				return
			}
			count := 0
			for item := range p.items() {
				if count++; !yield(item, nil) {
					return
				}
			}
			switch {
			case p.cursor == "" && p.bare && count >= q.pageSize():
				yield(nil, errNoCursor)
				return
			case p.cursor == "":
				return
			case p.cursor == earlier:
				yield(nil, errEndless)
				return
			}
			if n&(n-1) == 0 {
				earlier = p.cursor
			}
			query.Set("startAfterId", p.cursor)
		}
	}
}

func (c *Client) page(ctx context.Context, q AccessLogQuery, query url.Values) (page, error) {
	a, err := c.send(ctx, "access log", apiclient.Request{
		Method: http.MethodGet, Path: c.project("/logs/access"), Query: query,
		Secrets: []event.Secret{event.NewSecret(q.AppUserID)}, // personal data
	})
	if err != nil {
		return page{}, err
	}
	if a.Status == http.StatusNoContent {
		return page{}, nil
	}
	return readPage(a.Body)
}

func (q *AccessLogQuery) pageSize() int {
	if q.PageSize == 0 {
		return MaxPageSize
	}
	return q.PageSize
}

// values returns the documented parameters.
func (q *AccessLogQuery) values() (url.Values, error) {
	if q.PageSize < 0 || q.PageSize > MaxPageSize {
		return nil, fmt.Errorf("unlocapi: AccessLogQuery.PageSize is not 0 to %d", MaxPageSize)
	}
	v := make(url.Values)
	if q.AppUserID != "" {
		v.Set("appUserId", q.AppUserID)
	}
	if q.LockID != "" {
		v.Set("lockId", q.LockID)
	}
	if q.ExcludeSubprojectEvents {
		v.Set("excludeSubprojectEvents", "true")
	}
	if q.PageSize != 0 {
		v.Set("limit", strconv.Itoa(q.PageSize))
	}
	return v, nil
}
