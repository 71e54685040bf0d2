package durable_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/unloc"
)

// A store on a NATS cluster that others run. Two processes share the work of a
// consumer; two consumers each see every event.
func ExampleConnect() {
	nc, end := connectToCluster()
	defer end()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	store, err := durable.Connect(ctx, nc, durable.Config{
		Payloads: cloudevent.Payloads{unloc.Vendor: unloc.Decode},
		Replicas: 1, // 3 in a cluster
		Order:    durable.OrderByLock,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	// An endpoint does this: hook.Handler(store).
	for _, body := range []string{`{"id":"1","action":"unlocked","lockId":"front"}`, `{"id":"2","action":"locked","lockId":"front"}`} {
		e, err := unloc.Decode([]byte(body))
		if err != nil {
			log.Fatal(err)
		}
		if err := store.HandleEvent(ctx, e); err != nil {
			log.Fatal(err)
		}
	}

	events := event.NewMux()
	events.HandleFunc("lock.*", func(_ context.Context, e *event.Event) error {
		fmt.Println(e.Lock.ID, e.Type)
		if e.ID == "2" {
			stop() // a service goes on
		}
		return nil
	})
	if err := store.Consumer(durable.Consumer{Name: "siem"}).Run(ctx, events); err != nil {
		log.Fatal(err)
	}
	// Output:
	// front lock.unlocked
	// front lock.locked
}

// connectToCluster connects to a server of this example. A service has
//
//	options := append(durable.ConnectOptions(), nats.UserCredentials("accesshook.creds"))
//	nats.Connect("tls://a.example.com,tls://b.example.com,tls://c.example.com", options...)
func connectToCluster() (nc *nats.Conn, end func()) {
	dir, err := os.MkdirTemp("", "nats")
	if err != nil {
		log.Fatal(err)
	}
	srv, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: dir, MaxPayload: 8 << 20})
	if err != nil {
		log.Fatal(err)
	}
	srv.Start()
	nc, err = nats.Connect("", nats.InProcessServer(srv))
	if err != nil {
		log.Fatal(err)
	}
	return nc, func() {
		nc.Close()
		srv.Shutdown()
		srv.WaitForShutdown()
		os.RemoveAll(dir)
	}
}
