package durable

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// repairs are the settings of a consumer that are set back to those of a new one if they
// differ, by the names that NATS has for them: with another value the consumer would pass
// over events, or would get none. An update can change them.
var repairs = map[string]bool{
	"ack_wait":           true,
	"max_ack_pending":    true,
	"max_deliver":        true,
	"backoff":            true, // it would replace the lease
	"filter_subject":     true,
	"filter_subjects":    true,
	"headers_only":       true,
	"inactive_threshold": true, // the server would delete the consumer
	"max_expires":        true, // if requests wait for longer
	"priority_policy":    true, // requests name no group
	"priority_groups":    true,
	"priority_timeout":   true,
}

// consumerRefusals are those that no update can change, with the reasons.
var consumerRefusals = map[string]string{
	"deliver_policy":  "it has not begun with the oldest event",
	"opt_start_seq":   "it has not begun with the oldest event",
	"opt_start_time":  "it has not begun with the oldest event",
	"ack_policy":      "events that nobody has finished would count as acknowledged",
	"replay_policy":   "it would wait between events",
	"mem_storage":     "what it has acknowledged is forgotten when a server ends",
	"deliver_subject": "events must be asked for",
	"deliver_group":   "events must be asked for",
	"flow_control":    "events must be asked for",
	"idle_heartbeat":  "events must be asked for",
}

// begins are the settings of where a consumer begins.
var begins = map[string]bool{"deliver_policy": true, "opt_start_seq": true, "opt_start_time": true}

// adjust changes what a consumer of a shard needs and does not have. Its other settings
// are the operator's.
func (s *Store) adjust(ctx context.Context, stream string, consumer jetstream.Consumer, want jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	had := consumer.CachedInfo().Config
	changed := make(map[string]any)
	for _, d := range differences(had, want) {
		if begins[d.setting] && had.Metadata[metaMade] != "" {
			continue // that of a moved store begins after what was handled
		}
		if why, ok := consumerRefusals[d.setting]; ok {
			return nil, fmt.Errorf("%w: it has %s: %s; delete it, and all events that are kept come again", ErrSettings, d, why)
		}
		if !repairs[d.setting] || d.setting == "max_expires" && had.MaxRequestExpires >= 2*pollWait {
			continue
		}
		changed[d.setting] = d.want.Interface()
		if d.setting != "ack_wait" && d.setting != "max_ack_pending" { // those follow from Consumer and Config
			s.log().LogAttrs(ctx, slog.LevelWarn, "durable: a setting of the consumer is set back: events would be passed over",
				slog.String("stream", stream), slog.String("consumer", want.Durable), slog.String("had", d.String()))
		}
	}
	if until := had.PauseUntil; until != nil && time.Now().Before(*until) {
		s.log().LogAttrs(ctx, slog.LevelWarn, "durable: the consumer is paused: its events are stored, and not handled before that time",
			slog.String("stream", stream), slog.String("consumer", want.Durable), slog.Time("until", *until))
	}
	if len(changed) == 0 {
		return consumer, nil
	}
	at := stream + "." + want.Durable
	err := s.update(ctx, "CONSUMER.INFO."+at, "CONSUMER.CREATE."+at, changed, func(config any) any {
		return map[string]any{"stream_name": stream, "config": config, "action": "update"}
	})
	if err != nil {
		return nil, err
	}
	return s.js.Consumer(ctx, stream, want.Durable)
}
