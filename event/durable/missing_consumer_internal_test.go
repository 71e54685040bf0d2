package durable

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A cluster leaves a consumer that has no leader at the moment out of its list,
// under "missing", and the client then reads the next one a second time. What it
// has not finished must not be deleted because others have.
func TestNothingIsFinishedWhileAConsumerIsMissing(t *testing.T) {
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true})
	require.NoError(t, err)
	srv.Start()
	defer srv.Shutdown()
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	require.NoError(t, err)
	defer nc.Close()
	const consumerZ = `{"name":"z","config":{"durable_name":"z"},"ack_floor":{"stream_seq":20}}`
	for subject, answer := range map[string]string{
		"STREAM.INFO.s":     `{"config":{"name":"s"}}`,
		"CONSUMER.LIST.s":   `{"total":2,"consumers":[` + consumerZ + `],"missing":["a"]}`,
		"CONSUMER.NAMES.s":  `{"total":2,"consumers":["a","z"]}`,
		"CONSUMER.INFO.s.a": ``,
		"CONSUMER.INFO.s.z": consumerZ,
	} {
		_, err := nc.Subscribe("$JS.API."+subject, func(m *nats.Msg) {
			if answer != "" {
				assert.NoError(t, m.Respond([]byte(answer)))
			}
		})
		require.NoError(t, err)
	}
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	stream, err := js.Stream(t.Context(), "s")
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	finished, _, err := finishedUpTo(ctx, stream)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Zero(t, finished)
}
