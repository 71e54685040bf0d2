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

// An adminClient asks the admin side of a gateway that runs for its dead letters.
type adminClient struct {
	base    *url.URL
	account *verify.Credential // nil: none
	client  *http.Client
}

// maxAnswer bounds what is read of an answer: an event and much more.
const maxAnswer = 64 << 20

// newAdminClient returns a client of the gateway at base, which may take as long as
// timeout to answer a request. Its error is a usageError, and has nothing of a
// password.
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
		// Else the password would go wherever an answer says.
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

func (c *adminClient) letters(ctx context.Context, after uint64) ([]json.RawMessage, error) {
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

func (c *adminClient) letter(ctx context.Context, number uint64) (json.RawMessage, error) {
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

// Close implements letterbox.
func (c *adminClient) Close() error {
	c.client.CloseIdleConnections()
	return nil
}

var errNoGateway = errors.New("the answer is not one of a gateway")

// ask returns the body of the answer to a request for what is below /dead.
func (c *adminClient) ask(ctx context.Context, method, below string) ([]byte, error) {
	u := strings.TrimSuffix(c.base.String(), "/") + "/dead" + below
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
	var told struct{ Error string }
	if json.Unmarshal(body, &told) != nil || told.Error == "" {
		return nil, fmt.Errorf("answered %s", answer.Status)
	}
	return nil, errors.New(told.Error)
}
