package main

import (
	"context"
	"sync"
	"time"
)

const path = "/webhooks/relock"

// A sender sends deliveries to addr one after another, over one connection. An
// answer other than 200 is an error.
type sender func(ctx context.Context, addr string, all []delivery) error

var senders = map[string]sender{
	"http": sendByClient,
	"lean": sendLean,
}

// sendAll sends all, over so many connections at the same time, and returns how
// long that took.
func sendAll(ctx context.Context, addr string, all []delivery, connections int, send sender) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begun := time.Now()
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			if err := send(ctx, addr, all[len(all)*i/connections:len(all)*(i+1)/connections]); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return time.Since(begun), context.Cause(ctx)
}
