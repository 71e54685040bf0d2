package embedded

import (
	"log/slog"

	"github.com/accesshook/accesshook/event/durable/internal/blocks"
)

// mend cuts out of the files of all streams what is damaged. A server would leave out all
// events behind a damaged one, or run out of memory.
func mend(dir string, log *slog.Logger) error {
	names, err := blocks.Streams(dir)
	if err != nil {
		return err
	}
	var damaged []blocks.Stream
	records := 0
	for _, name := range names {
		s, err := blocks.Read(dir, name, func(blocks.Message) {})
		if err != nil {
			return err
		}
		bad := false
		for _, f := range s.Files {
			records += f.Records
			bad = bad || len(f.Damaged) > 0
		}
		if bad {
			damaged = append(damaged, s)
		}
	}
	if records == 0 && len(damaged) > 0 {
		log.Error("embedded: no file of the store can be read: they are left as they are", slog.String("dir", dir))
		return nil
	}
	for _, s := range damaged {
		if err := s.Mend(); err != nil {
			return err
		}
		for _, f := range s.Files {
			bytes := 0
			for _, cut := range f.Damaged {
				bytes += cut[1] - cut[0]
			}
			switch {
			case f.Torn():
				log.Info("embedded: the end of a file was never written, and is cut off", slog.String("file", f.Name), slog.Int("bytes", bytes))
			case bytes > 0:
				log.Error("embedded: a file of the store is damaged: what can be read of it is kept", slog.String("file", f.Name), slog.Int("bytes", bytes))
			}
		}
	}
	return nil
}
