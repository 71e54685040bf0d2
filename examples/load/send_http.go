package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"

	"github.com/accesshook/accesshook/relock"
)

// sendByClient sends with the HTTP client of the standard library, over one
// connection.
func sendByClient(ctx context.Context, to target, all []delivery) error {
	transport := &http.Transport{MaxConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	return post(ctx, transport, "http://"+to.addr+path, all)
}

// sendAnew opens an HTTPS connection for each delivery, as a vendor does that sends
// rarely.
func sendAnew(ctx context.Context, to target, all []delivery) error {
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: to.roots}}
	return post(ctx, transport, "https://"+to.addr+path, all)
}

func post(ctx context.Context, transport *http.Transport, url string, all []delivery) error {
	client := &http.Client{Transport: transport}
	for _, d := range all {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(d.body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(relock.SignatureHeader, d.signature)
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("answered %s", answer.Status)
		}
	}
	return nil
}
