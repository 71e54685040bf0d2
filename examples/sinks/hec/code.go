package hec

import (
	"fmt"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks/internal/post"
)

// A subject is what a code of the collector is about.
type subject int

const (
	aboutServer   subject = iota // see the status
	aboutSettings                // the same until somebody corrects one, here or there
	aboutEvent
)

// codes are those of the collector's answers, with what they mean.
//
// See https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector.
var codes = map[int]struct {
	text  string
	about subject
}{
	1:  {"the token is disabled", aboutSettings},
	2:  {"a token is required", aboutSettings},
	3:  {"the authorization is not valid", aboutSettings},
	4:  {"the token is not valid", aboutSettings},
	5:  {"no data", aboutEvent},
	6:  {"the format of an event is not valid", aboutEvent},
	7:  {"the token may not write to the index", aboutSettings},
	8:  {"internal error", aboutServer},
	9:  {"busy", aboutServer},
	10: {"a channel is required", aboutSettings},
	11: {"the channel is not valid", aboutSettings},
	12: {"an event is required", aboutEvent},
	13: {"an event is empty", aboutEvent},
	14: {"acknowledgement is disabled", aboutSettings},
	15: {"indexed fields are not valid", aboutEvent},
	18: {"queues are full", aboutServer},
	19: {"the acknowledgement service is not available", aboutServer},
	20: {"queues are full, the acknowledgement service is not available", aboutServer},
	23: {"shutting down", aboutServer},
	26: {"queues are full", aboutServer},
	27: {"too many acknowledgements are waited for", aboutServer},
}

// check returns what an answer means for the events that were sent.
func (s *Sink) check(a *post.Answer, said answer) error {
	switch ok := a.Status >= 200 && a.Status <= 299; {
	case ok && a.Err != nil:
		return a.Err
	case ok && (said.Code == nil || *said.Code != 0):
		return s.client.Unexpected()
	case ok:
		return nil
	case said.Code == nil:
		return s.client.Check(a)
	}
	details := fmt.Sprintf("code %d", *said.Code)
	code, known := codes[*said.Code]
	if known {
		details += ": " + code.text
	}
	refused := s.client.Error(post.Answered(a.Status, details))
	switch {
	case code.about == aboutSettings:
		return s.client.Misconfigured(post.Answered(a.Status, details) + ": check the token and its settings")
	case code.about == aboutEvent && said.Invalid != nil:
		return event.Permanent(&post.DocumentError{Index: *said.Invalid, Err: refused})
	case code.about == aboutEvent:
		return event.Permanent(refused)
	}
	return s.client.CheckStatus(a.Status, a.RetryAfter(), details)
}
