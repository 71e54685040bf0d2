package durable

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
)

// Connect tries again where a cluster has only just begun or others create the same
// store, and not where the servers or the store are against it.
func TestIsTransient(t *testing.T) {
	for _, passes := range []error{
		jetstream.ErrStreamNotFound, jetstream.ErrStreamNameAlreadyInUse, context.DeadlineExceeded,
		&jetstream.APIError{Code: 400, ErrorCode: 10005, Description: "no suitable peers for placement, peer offline"},
		&jetstream.APIError{Code: 503, ErrorCode: 10008, Description: "JetStream system temporarily unavailable"},
	} {
		assert.True(t, isTransient(fmt.Errorf("durable: stream accesshook-0: %w", passes)), "%v", passes)
	}
	for _, stays := range []error{
		nil, ErrMismatch, context.Canceled, jetstream.ErrJetStreamNotEnabled, errors.New("nats: permissions violation"),
		&jetstream.APIError{Code: 500, ErrorCode: 10074, Description: "replicas > 1 not supported in non-clustered mode"},
	} {
		assert.False(t, isTransient(stays), "%v", stays)
	}
}
