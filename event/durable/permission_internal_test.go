package durable

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A request that is slow is not ended because of a permission that was missing before, or
// for something else.
func TestAwaitKnowsItsPermission(t *testing.T) {
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true, Users: []*server.User{
		{Username: "u", Password: "p", Permissions: &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"orders", "orders.>"}}}},
	}})
	require.NoError(t, err)
	srv.Start()
	defer srv.Shutdown()
	quiet := nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
	nc, err := nats.Connect("", nats.InProcessServer(srv), nats.UserInfo("u", "p"), quiet)
	require.NoError(t, err)
	defer nc.Close()
	violate := func(subject string) {
		before := nc.LastError()
		require.NoError(t, nc.Publish(subject, nil))
		for nc.LastError() == before {
			time.Sleep(time.Millisecond)
		}
	}
	slow := func(during ...string) (int, error) {
		return await(t.Context(), nc, "orders.1", func(ctx context.Context) (int, error) {
			for _, subject := range during {
				violate(subject)
			}
			sleep(ctx, 4*deniedEvery)
			return 7, ctx.Err()
		})
	}
	violate("orders.1") // before
	v, err := slow()
	require.NoError(t, err)
	assert.Equal(t, 7, v)
	for _, subject := range []string{"orders.12", "orders.2", "orders"} {
		_, err = slow(subject)
		require.NoError(t, err, subject)
	}
	for _, subject := range []string{"orders.1", "orders.1.below"} {
		_, err = slow(subject)
		require.ErrorIs(t, err, nats.ErrPermissionViolation)
		assert.EqualError(t, err, "the user of the NATS connection lacks the permission to publish to "+subject)
	}

	// An error of f itself stays.
	_, err = await(t.Context(), nc, "orders.1", func(context.Context) (int, error) { return 0, errNotConnected })
	assert.Equal(t, errNotConnected, err)
}

func TestLacked(t *testing.T) {
	for text, want := range map[string]string{
		`Permissions Violation for Publish to "a.b"`:                             "publish to a.b",
		`permissions violation for subscription to "_INBOX.x.*"`:                 "subscribe to _INBOX.x.*",
		`Permissions Violation for Subscription to "a" using queue "q"`:          "subscribe to a",
		`Permissions Violation for Publish to "a.b" on connection [4]`:           "publish to a.b",
		`Permissions Violation of a kind that there is not yet, for "something"`: "",
	} {
		p := lacked(fmt.Errorf("%w: %s", nats.ErrPermissionViolation, text))
		if want == "" {
			assert.Nil(t, p)
			continue
		}
		require.NotNil(t, p, text)
		assert.Equal(t, want, p.verb+" "+p.subject)
	}
	assert.Nil(t, lacked(nil))
	assert.Nil(t, lacked(errors.New(`Permissions Violation for Publish to "a"`)))
}
