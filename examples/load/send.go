package main

import (
	"context"
	"crypto/x509"
	"sync"
	"time"
)

const path = "/webhooks/relock"

// A sender sends deliveries one after another. An answer other than 200 is an
// error.
type sender struct {
	send     func(ctx context.Context, to target, all []delivery) error
	tls      bool // to HTTPS servers
	requests int  // in a round by default
}

// A target is the address of a server.
type target struct {
	addr  string
	roots *x509.CertPool // that trust its certificate; nil without TLS
}

var senders = map[string]*sender{
	"http":  {send: sendByClient, requests: 40_000},
	"https": {send: sendAnew, tls: true, requests: 4_000},
	"lean":  {send: sendLean, requests: 40_000},
}

// sendAll sends all over the given number of concurrent connections, and returns how long
// that took.
func sendAll(ctx context.Context, to target, all []delivery, connections int, send *sender) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begun := time.Now()
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			if err := send.send(ctx, to, all[len(all)*i/connections:len(all)*(i+1)/connections]); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return time.Since(begun), context.Cause(ctx)
}
