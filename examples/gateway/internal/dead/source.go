package dead

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
	"github.com/accesshook/accesshook/verify"
)

// A client asks the admin side of a running gateway.
type client struct {
	base  *url.URL
	login *verify.Credential // nil: none
	http  *http.Client
	// timeout is that of one call.
	timeout time.Duration
}

// maxAnswer limits how much of an answer is read, in bytes. An event is much smaller.
const maxAnswer = 64 << 20

// Ask returns the dead letters of the gateway at base. login may be nil, and the timeout is
// that of one call.
func Ask(base *url.URL, login *verify.Credential, timeout time.Duration) Source {
	return &client{base: base, login: login, timeout: timeout, http: &http.Client{
		// A redirect must not send the password elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// filteredHeader is set in the answer of a gateway that knows filters. One that does not
// would list all.
const filteredHeader = "Accesshook-Filtered"

func (c *client) List(ctx context.Context, f durable.DeadFilter, limit int) (list []store.DeadLetter, err error) {
	query := url.Values{"after": {strconv.FormatUint(f.After, 10)}, "limit": {strconv.Itoa(limit)}}
	for name, value := range map[string]string{"vendor": f.Vendor, "type": string(f.Type), "consumer": f.Consumer, "error": f.Error} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, t := range map[string]time.Time{"since": f.Since, "until": f.Until} {
		if !t.IsZero() {
			query.Set(name, t.Format(time.RFC3339Nano))
		}
	}
	header, err := c.ask(ctx, http.MethodGet, "?"+query.Encode(), &list)
	if all := (durable.DeadFilter{After: f.After}); err == nil && f != all && header.Get(filteredHeader) == "" {
		return nil, errors.New("the gateway is too old to filter dead letters")
	}
	return list, err
}

func (c *client) Show(ctx context.Context, number uint64) (letter store.DeadLetter, err error) {
	_, err = c.ask(ctx, http.MethodGet, fmt.Sprintf("/%d", number), &letter)
	return letter, err
}

func (c *client) Retry(ctx context.Context, number uint64) error {
	_, err := c.ask(ctx, http.MethodPost, fmt.Sprintf("/%d/retry", number), nil)
	return err
}

func (c *client) Drop(ctx context.Context, number uint64) error {
	_, err := c.ask(ctx, http.MethodDelete, fmt.Sprintf("/%d", number), nil)
	return err
}

// Close implements Source.
func (c *client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// A letterError is what is wrong with one dead letter, as the gateway says it.
type letterError string

func (e letterError) Error() string { return string(e) }

// noSuch is how the admin side says durable.ErrNotFound.
const noSuch = "there is no such dead letter"

// busyPause is the pause before another try, while the gateway has too many requests.
const busyPause = time.Second

// ask sends a request to the given path below /dead, and decodes the answer into v,
// which may be nil.
func (c *client) ask(ctx context.Context, method, path string, v any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	for {
		answer, body, err := c.send(ctx, method, path)
		if err != nil {
			return nil, err
		}
		var failure struct{ Error string }
		_ = json.Unmarshal(body, &failure) // else it has none
		switch status := answer.StatusCode; {
		case status == http.StatusOK && (v == nil || json.Unmarshal(body, v) == nil):
			return answer.Header, nil
		case status == http.StatusOK:
			return nil, errors.New("the answer is not one of a gateway")
		case status == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "":
			select {
			case <-time.After(busyPause):
				continue
			case <-ctx.Done():
			}
		case status == http.StatusNotFound && failure.Error == noSuch:
			return nil, durable.ErrNotFound
		case failure.Error != "" && slices.Contains(ofLetter, status):
			return nil, letterError(failure.Error)
		}
		return nil, errors.New(cmp.Or(failure.Error, "answered "+answer.Status))
	}
}

// ofLetter are the statuses of what is wrong with one dead letter, and not with the
// gateway.
var ofLetter = []int{http.StatusUnprocessableEntity, http.StatusBadGateway, http.StatusInternalServerError}

func (c *client) send(ctx context.Context, method, path string) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.base.String(), "/")+"/dead"+path, nil)
	if err != nil {
		return nil, nil, err
	}
	if c.login != nil {
		password, _ := c.login.Password.Reveal()
		r.SetBasicAuth(c.login.User, password)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return answer, body, err
}
