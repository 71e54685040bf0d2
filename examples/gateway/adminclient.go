package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/verify"
)

// An adminClient is the source of the dead letters of a running gateway: it asks its
// admin side.
type adminClient struct {
	base    *url.URL
	account *verify.Credential // nil: none
	client  *http.Client
}

// maxAnswer limits how much of an answer is read, in bytes. An event is much smaller.
const maxAnswer = 64 << 20

// newAdminClient returns a client of the gateway at base. The timeout is that of one
// request. The error is a usageError and does not contain the password.
func newAdminClient(base string, timeout time.Duration, env environment) (*adminClient, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, usageError{errors.New("-admin is not http://host:port or https://host:port")}
	case u.User != nil:
		return nil, usageError{fmt.Errorf("-admin has a user or password, which others on the machine can see: set %s", adminVariable)}
	}
	pairs, from, err := env.values(adminVariable)
	if err != nil {
		return nil, usageError{err}
	}
	c := &adminClient{base: u, client: &http.Client{
		Timeout: timeout,
		// A redirect must not send the password elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if len(pairs) > 0 {
		accounts, err := splitPairs(pairs[:1]) // any of them will do
		if err != nil {
			return nil, usageError{fmt.Errorf("%s: %w", from, err)}
		}
		c.account = &accounts[0]
	}
	return c, nil
}

func (c *adminClient) list(ctx context.Context, after uint64) ([]json.RawMessage, error) {
	body, err := c.ask(ctx, http.MethodGet, "?after="+strconv.FormatUint(after, 10))
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, errNoGateway
	}
	return list, nil
}

func (c *adminClient) show(ctx context.Context, number uint64) (json.RawMessage, error) {
	body, err := c.ask(ctx, http.MethodGet, fmt.Sprintf("/%d", number))
	if err == nil && !json.Valid(body) {
		err = errNoGateway
	}
	return json.RawMessage(strings.TrimSpace(string(body))), err
}

func (c *adminClient) retry(ctx context.Context, number uint64) error {
	_, err := c.ask(ctx, http.MethodPost, fmt.Sprintf("/%d/retry", number))
	return err
}

func (c *adminClient) drop(ctx context.Context, number uint64) error {
	_, err := c.ask(ctx, http.MethodDelete, fmt.Sprintf("/%d", number))
	return err
}

// Close implements deadLetterSource.
func (c *adminClient) Close() error {
	c.client.CloseIdleConnections()
	return nil
}

var errNoGateway = errors.New("the answer is not one of a gateway")

// ask sends a request to the given path below /dead, and returns the body of the answer.
func (c *adminClient) ask(ctx context.Context, method, path string) ([]byte, error) {
	u := strings.TrimSuffix(c.base.String(), "/") + "/dead" + path
	r, err := http.NewRequestWithContext(ctx, method, u, nil)
	if err != nil {
		return nil, err
	}
	if c.account != nil {
		password, _ := c.account.Password.Reveal()
		r.SetBasicAuth(c.account.User, password)
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusOK {
		return body, nil
	}
	var failure struct{ Error string }
	if json.Unmarshal(body, &failure) != nil || failure.Error == "" {
		return nil, fmt.Errorf("answered %s", answer.Status)
	}
	return nil, errors.New(failure.Error)
}
