package dead

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/accesshook/accesshook/examples/gateway/internal/store"
	"github.com/accesshook/accesshook/verify"
)

// A client asks the admin side of a running gateway.
type client struct {
	base  *url.URL
	login *verify.Credential // nil: none
	http  *http.Client
}

// maxAnswer limits how much of an answer is read, in bytes. An event is much smaller.
const maxAnswer = 64 << 20

// Ask returns the dead letters of the gateway at base. login may be nil, and the timeout is
// that of one request.
func Ask(base *url.URL, login *verify.Credential, timeout time.Duration) Source {
	return &client{base: base, login: login, http: &http.Client{
		Timeout: timeout,
		// A redirect must not send the password elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (c *client) List(ctx context.Context, after uint64, limit int) (list []store.DeadLetter, err error) {
	err = c.ask(ctx, http.MethodGet, fmt.Sprintf("?after=%d&limit=%d", after, limit), &list)
	return list, err
}

func (c *client) Show(ctx context.Context, number uint64) (letter store.DeadLetter, err error) {
	err = c.ask(ctx, http.MethodGet, fmt.Sprintf("/%d", number), &letter)
	return letter, err
}

func (c *client) Retry(ctx context.Context, number uint64) error {
	return c.ask(ctx, http.MethodPost, fmt.Sprintf("/%d/retry", number), nil)
}

func (c *client) Drop(ctx context.Context, number uint64) error {
	return c.ask(ctx, http.MethodDelete, fmt.Sprintf("/%d", number), nil)
}

// Close implements Source.
func (c *client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// ask sends a request to the given path below /dead, and decodes the answer into v,
// which may be nil.
func (c *client) ask(ctx context.Context, method, path string, v any) error {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.base.String(), "/")+"/dead"+path, nil)
	if err != nil {
		return err
	}
	if c.login != nil {
		password, _ := c.login.Password.Reveal()
		r.SetBasicAuth(c.login.User, password)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return err
	}
	var failure struct{ Error string }
	switch {
	case answer.StatusCode == http.StatusOK && (v == nil || json.Unmarshal(body, v) == nil):
		return nil
	case answer.StatusCode == http.StatusOK:
		return errors.New("the answer is not one of a gateway")
	case json.Unmarshal(body, &failure) == nil && failure.Error != "":
		return errors.New(failure.Error)
	}
	return fmt.Errorf("answered %s", answer.Status)
}
