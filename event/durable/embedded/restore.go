package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// restore stores what srv has lost of the messages in commits. It returns how many each
// stream has got again, and the streams that do not exist.
func restore(srv *server.Server, commits *commitLog, log *slog.Logger) (restored map[string]uint64, gone []string, err error) {
	nc, err := nats.Connect("", nats.InProcessServer(srv), nats.Name("accesshook restore"))
	if err != nil {
		return nil, nil, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	missing, gone, err := findMissing(ctx, js, commits)
	if err != nil {
		return nil, nil, err
	}
	restored = make(map[string]uint64)
	for _, c := range missing {
		if _, err := js.PublishMsg(ctx, &nats.Msg{Subject: c.Subject, Header: c.Header, Data: c.Data}); err != nil {
			return nil, nil, fmt.Errorf("stream %s: %w", c.Stream, err)
		}
		restored[c.Stream]++
	}
	if len(missing) > 0 {
		log.LogAttrs(ctx, slog.LevelWarn, "embedded: the last events were missing, as after a power failure, and were stored again from the commit log",
			slog.Int("events", len(missing)))
	}
	return restored, gone, nil
}

// findMissing returns the messages of commits that their streams do not have, in the
// order of their sequences: if the process dies while they are stored again, the sequences
// that a stream has again are those of the messages that it has again.
func findMissing(ctx context.Context, js jetstream.JetStream, commits *commitLog) (missing []committed, gone []string, err error) {
	streams := make(map[string]jetstream.Stream)
	seen := make(map[place]bool) // a duplicate is in the log with the place of the first
	err = commits.read(func(c committed) error {
		stream, ok := streams[c.Stream]
		if !ok {
			found, err := js.Stream(ctx, c.Stream)
			switch {
			case err == nil:
				stream = found
			case errors.Is(err, jetstream.ErrStreamNotFound):
				gone = append(gone, c.Stream)
			default:
				return fmt.Errorf("stream %s: %w", c.Stream, err)
			}
			streams[c.Stream] = stream
		}
		if stream == nil || seen[place{c.Stream, c.Sequence}] {
			return nil
		}
		has, err := contains(ctx, stream, c.Sequence)
		if err == nil && !has {
			missing = append(missing, c)
			seen[place{c.Stream, c.Sequence}] = true
		}
		return err
	})
	slices.SortFunc(missing, func(a, b committed) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Sequence, b.Sequence))
	})
	return missing, gone, err
}

// A place is where a message is stored.
type place struct {
	stream   string
	sequence uint64
}

// contains reports whether stream had a message of this sequence when the server was
// started, or has deleted it with all before it.
func contains(ctx context.Context, stream jetstream.Stream, sequence uint64) (bool, error) {
	state := stream.CachedInfo().State
	switch {
	case sequence < state.FirstSeq:
		return true, nil
	case sequence > state.LastSeq:
		return false, nil
	case state.Msgs == state.LastSeq-state.FirstSeq+1: // there are no gaps
		return true, nil
	}
	_, err := stream.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, nil
	}
	return err == nil, err
}
