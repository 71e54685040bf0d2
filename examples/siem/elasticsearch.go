package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ecs"
)

// toElasticsearch creates a document of ECS for each event, one in a request. Its _id is made
// of vendor, source and ID: an event that comes twice is one document.
func toElasticsearch(to *url.URL, apiKey event.Secret) event.Handler {
	client := &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		type action struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
		}
		create, _ := json.Marshal(map[string]action{"create": {"logs-accesshook-default", e.Vendor + "/" + e.Source + "/" + e.ID}})
		body, err := ecs.Append(append(create, '\n'), e)
		if err != nil {
			return event.Permanent(err)
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.JoinPath("_bulk").String(), bytes.NewReader(append(body, '\n')))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/x-ndjson")
		if key, ok := apiKey.Reveal(); ok {
			r.Header.Set("Authorization", "ApiKey "+key)
		}
		res, err := client.Do(r)
		if err != nil {
			return fmt.Errorf("elasticsearch: %w", errors.Unwrap(err)) // without the URL
		}
		defer res.Body.Close()
		var answer struct {
			Items []struct{ Create struct{ Status int } }
		}
		status, err := res.StatusCode, json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&answer)
		if status == http.StatusOK && (err != nil || len(answer.Items) != 1) {
			return errors.New("elasticsearch: answer is not that of a bulk request")
		} else if status == http.StatusOK {
			status = answer.Items[0].Create.Status
		}
		switch err := fmt.Errorf("elasticsearch: %d", status); {
		case status == http.StatusCreated, status == http.StatusConflict: // there already
			return nil
		case status == http.StatusBadRequest: // does not fit the index
			return event.Permanent(err)
		default:
			return err // 429, 503 and others: again
		}
	})
}
