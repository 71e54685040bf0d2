package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/accesshook/accesshook/relock"
)

// sendByClient sends with the HTTP client of the standard library.
func sendByClient(ctx context.Context, addr string, all []delivery) error {
	transport := &http.Transport{MaxConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for _, d := range all {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+path, bytes.NewReader(d.body))
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
