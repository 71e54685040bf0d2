package certfile_test

import (
	"context"
	"log"
	"net/http"

	"github.com/accesshook/accesshook/certfile"
)

// A renewed certificate is served to new connections within a second or two, without a
// restart.
func Example() {
	cert, err := certfile.New("/etc/letsencrypt/live/example.com/fullchain.pem",
		"/etc/letsencrypt/live/example.com/privkey.pem", nil)
	if err != nil {
		log.Fatal(err)
	}
	go cert.Watch(context.Background())
	server := &http.Server{Addr: ":8443", TLSConfig: cert.Config()}
	log.Fatal(server.ListenAndServeTLS("", ""))
}
