package embedded

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/internal/blocks"
	"github.com/accesshook/accesshook/event/durable/internal/watermark"
)

// markFile returns the path of the mark file.
func (c Config) markFile() string {
	return cmp.Or(c.MarkFile, filepath.Join(c.Dir, cmp.Or(c.Name, durable.DefaultName)+".marks"))
}

// Check says what the store in c.Dir has, and what is missing. It changes nothing: it
// reads the files itself, since a server that starts cuts off what is behind a damaged
// record. It returns [ErrInUse] if the store is open.
func Check(ctx context.Context, c Config) (durable.Report, error) {
	if _, err := c.MaxMessage(); err != nil {
		return durable.Report{}, err
	}
	if _, err := os.Stat(filepath.Join(c.Dir, lockFile)); err != nil {
		return durable.Report{}, fmt.Errorf("embedded: there is no store in %s: %w", c.Dir, err)
	}
	lock := flock.New(filepath.Join(c.Dir, lockFile))
	switch locked, err := lock.TryLock(); {
	case err != nil:
		return durable.Report{}, fmt.Errorf("embedded: cannot lock the directory: %w", err)
	case !locked:
		return durable.Report{}, fmt.Errorf("%w: %s", ErrInUse, c.Dir)
	}
	defer lock.Unlock()
	report, err := check(ctx, c)
	if err != nil {
		return report, fmt.Errorf("embedded: %w", err)
	}
	return report, nil
}

func check(ctx context.Context, c Config) (durable.Report, error) {
	name, shards := cmp.Or(c.Name, durable.DefaultName), cmp.Or(c.Shards, durable.DefaultShards)
	report := durable.Report{Store: name}
	kept, err := watermark.ReadFile(c.markFile(), name)
	if err != nil && !errors.Is(err, watermark.ErrDamaged) {
		return report, err
	}
	own := watermark.Marks{Shards: make([]watermark.Shard, shards)}
	_, err = blocks.Read(c.Dir, name+"-marks", func(m blocks.Message) {
		var stored watermark.Marks
		if json.Unmarshal(m.Body, &stored) == nil && len(stored.Shards) == shards {
			own = stored // the last one counts
		}
	})
	if err != nil {
		return report, err
	}
	marks, older := watermark.Merge(own, kept)
	report.Older, report.Reported = older, marks.Missing()
	for shard, mark := range marks.Shards {
		if err := ctx.Err(); err != nil {
			return report, err
		}
		kept, replaced := uint64(0), false // the last event that is not newer than the mark
		s, err := blocks.Read(c.Dir, fmt.Sprintf("%s-%d", name, shard), func(m blocks.Message) {
			if !m.Time.After(mark.LastTime) {
				kept = m.Sequence
			}
			replaced = replaced || m.Sequence == mark.Last && !m.Time.Equal(mark.LastTime)
		})
		if err != nil {
			return report, err
		}
		if replaced {
			s.Kept = kept
		}
		missing, _ := mark.Compare(s.State)
		one := durable.ShardReport{
			Stream: s.Name, Events: s.Events, First: s.First, Last: s.Last, Mark: mark.Last, Missing: durable.Missing(missing),
		}
		for _, f := range s.Files {
			if len(f.Damaged) > 0 {
				one.Damaged = append(one.Damaged, f.Name)
			}
		}
		report.Shards = append(report.Shards, one)
	}
	return report, nil
}
