package demo

import (
	"context"
	"net"
	"net/http"
	"time"
)

// SendBy is Send over connections of dial.
func (d Demo) SendBy(ctx context.Context, dial func(ctx context.Context, network, addr string) (net.Conn, error), over time.Duration) (int, error) {
	return d.send(ctx, &http.Transport{DialContext: dial}, "http://gateway", over)
}
