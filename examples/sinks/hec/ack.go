package hec

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Pauses before the collector is asked for an acknowledgement. They double.
const (
	firstAckPause = 100 * time.Millisecond
	maxAckPause   = 5 * time.Second
)

// waitForAck waits until the indexers have what was sent. It returns an error, which comes
// as [event.Unavailable], if they do not say so in time.
//
// See https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/about-http-event-collector-indexer-acknowledgment.
func (s *Sink) waitForAck(ctx context.Context, id int64) error {
	waiting, cancel := context.WithTimeout(ctx, s.ackTimeout)
	defer cancel()
	var last error
	for pause := firstAckPause; ; pause = min(2*pause, maxAckPause) {
		select {
		case <-time.After(pause):
		case <-waiting.Done():
			err := s.client.Error("did not acknowledge the events in time")
			if ctx.Err() != nil {
				err = fmt.Errorf("%w: %w", err, ctx.Err())
			}
			if last != nil {
				err = fmt.Errorf("%w: %w", err, last)
			}
			return event.Unavailable(err, 0)
		}
		acknowledged, err := s.askForAck(waiting, id)
		if acknowledged {
			return nil
		}
		if waiting.Err() == nil {
			last = err
		}
	}
}

func (s *Sink) askForAck(ctx context.Context, id int64) (acknowledged bool, err error) {
	question := fmt.Appendf(nil, `{"acks":[%d]}`, id)
	a, err := s.client.PostTo(ctx, "/services/collector/ack", url.Values{"channel": {s.channel}}, s.header, question)
	if err != nil {
		return false, err
	}
	if a.Status != http.StatusOK || a.Err != nil {
		return false, s.client.Check(a)
	}
	var said struct {
		Acks map[string]bool `json:"acks"`
	}
	if json.Unmarshal(a.Body, &said) != nil {
		return false, s.client.Unexpected()
	}
	return said.Acks[strconv.FormatInt(id, 10)], nil
}
