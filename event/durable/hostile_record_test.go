package durable_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// A record of attempts that no process of ours wrote does not end the process.
func TestRecordOfNegativeAttempts(t *testing.T) {
	s, nc, _ := withClient(t, durable.Config{Shards: 1})
	records, err := nc.SubscribeSync("accesshook-attempts.>")
	require.NoError(t, err)
	store(t, s, newEvent(1))
	calls := make(chan struct{}, 100)
	run(t, s, durable.Consumer{Delay: time.Second, MaxDelay: time.Second}, event.HandlerFunc(func(context.Context, *event.Event) error {
		calls <- struct{}{}
		return errors.New("not yet")
	}))
	<-calls
	_, err = records.NextMsg(patience) // before the callback
	require.NoError(t, err)
	record, err := records.NextMsg(patience) // after
	require.NoError(t, err)
	_, err = nc.Request(record.Subject, []byte(`{"attempts":-5,"ended":true}`), patience)
	require.NoError(t, err)
	for range 2 {
		select {
		case <-calls:
		case <-time.After(patience):
			require.FailNow(t, "the event does not come again")
		}
	}
}
