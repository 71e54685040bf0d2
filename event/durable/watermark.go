package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/accesshook/accesshook/event/durable/internal/watermark"
)

// A server that finds a damaged file drops what it cannot read, and says nothing. So a
// store keeps high-water marks: what each shard should have. No single event is ever
// deleted, so whatever is missing between what was purged and the mark is a loss. The
// marks are in a stream of the store, which all processes share, and in Config.MarkFile,
// which an older copy of the store does not have.

const (
	// markWait is how long one request for the marks may take.
	markWait = 2 * time.Second
	// A server that has just become the leader of a replicated stream may not have the
	// newest events for a moment. A loss there is one that lasts.
	confirmAfter = 6 * time.Second
	// recreateAfter is how long a stream must be gone before it is created again.
	recreateAfter = 3 * time.Second
	markTries     = 5
)

// watermarks are the high-water marks of a store.
type watermarks struct {
	glances chan glance // the newest that was not looked at yet
	missing atomic.Uint64

	mu       sync.Mutex // also while the marks are read and written
	current  watermark.Marks
	sequence uint64 // of the message that has current, 0 if none has
	failing  string // why they could not be written last
	unsure   []bool // of each shard: it did not answer since its mark was compared
	doubts   []doubt
	leaders  []string             // of each shard
	gone     map[string]time.Time // streams that do not exist, since when
}

// A doubt is a loss that may pass.
type doubt struct {
	since time.Time // zero: there is none
	last  uint64
}

func newWatermarks(shards int) *watermarks {
	w := &watermarks{
		glances: make(chan glance, 1),
		current: watermark.Marks{Shards: make([]watermark.Shard, shards)},
		unsure:  make([]bool, shards),
		doubts:  make([]doubt, shards),
		leaders: make([]string, shards),
		gone:    make(map[string]time.Time),
	}
	for i := range w.unsure {
		w.unsure[i] = true
	}
	return w
}

// marksStream keeps the marks: one message.
func (s *Store) marksStream() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              s.names.marks(),
		Description:       "accesshook high-water marks",
		Subjects:          []string{s.names.marks() + ".>"},
		Discard:           jetstream.DiscardOld,
		MaxMsgsPerSubject: 1,
		MaxBytes:          1 << 20,
		Storage:           jetstream.FileStorage,
		Replicas:          s.c.Replicas,
		Duplicates:        time.Minute,
		Metadata:          s.metadata(),
	}
}

// openWatermarks reads the marks, and compares the store with them.
func (s *Store) openWatermarks(ctx context.Context) error {
	w := s.watermarks
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := s.firstMarks(ctx); err != nil {
		return err
	}
	kept, err := s.markFile()
	if err != nil {
		return err
	}
	g := s.glance(ctx)
	s.noteClocks(time.Now().Round(0), uptime(), g) // before anything new is stored
	for range markTries {
		both, behind := watermark.Merge(w.current, kept)
		if reflect.DeepEqual(both, w.current) {
			break
		}
		if errors.Is(s.writeMarks(ctx, both), errMarksChanged) {
			continue
		}
		if behind {
			s.log().LogAttrs(ctx, slog.LevelWarn, "durable: the store is older than its mark file",
				slog.String("store", s.c.Name), slog.String("file", s.c.MarkFile))
		}
		break
	}
	_ = s.compare(ctx, g) // else the next glance is
	return nil
}

// firstMarks reads the marks. In a cluster that has only just begun, the stream that has
// them may not answer at once.
func (s *Store) firstMarks(ctx context.Context) (err error) {
	for range createTries {
		if err = s.readMarks(ctx); ctx.Err() != nil || !isTransient(err) {
			break
		}
	}
	return err
}

// markFile returns the marks in Config.MarkFile. Without any they are zero.
func (s *Store) markFile() (watermark.Marks, error) {
	if s.c.MarkFile == "" {
		return watermark.Marks{}, nil
	}
	m, err := watermark.ReadFile(s.c.MarkFile, s.c.Name)
	if errors.Is(err, watermark.ErrDamaged) {
		s.log().Warn("durable: the mark file is damaged, and is written anew", slog.String("file", s.c.MarkFile))
		return watermark.Marks{}, nil
	}
	if err != nil {
		return watermark.Marks{}, fmt.Errorf("durable: Config.MarkFile: %w", err)
	}
	return m, nil
}

// readMarks reads the marks that the store has. If it has lost them, or has older ones,
// the current ones stay.
func (s *Store) readMarks(ctx context.Context) error {
	w := s.watermarks
	stored, sequence, err := s.storedMarks(ctx)
	if err != nil {
		return err
	}
	w.sequence = sequence
	if len(stored.Shards) > 0 {
		w.current, _ = watermark.Merge(stored, w.current)
		w.missing.Store(w.current.Missing())
	}
	return nil
}

// storedMarks returns the marks that the store has, and the sequence of their message.
// Without any they are zero.
func (s *Store) storedMarks(ctx context.Context) (m watermark.Marks, sequence uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, markWait)
	defer cancel()
	stream, err := s.js.Stream(ctx, s.names.marks())
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return m, 0, nil
	}
	if err != nil {
		return m, 0, fmt.Errorf("durable: stream %s: %w", s.names.marks(), err)
	}
	message, err := stream.GetLastMsgForSubject(ctx, s.names.marksOfShards())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return m, 0, nil
	}
	if err != nil {
		return m, 0, fmt.Errorf("durable: high-water marks: %w", err)
	}
	if err := json.Unmarshal(message.Data, &m); err != nil || len(m.Shards) != s.c.Shards {
		s.log().LogAttrs(ctx, slog.LevelWarn, "durable: the stored high-water marks cannot be read, and are written anew", slog.String("store", s.c.Name))
		return watermark.Marks{}, message.Sequence, nil
	}
	return m, message.Sequence, nil
}

// errMarksChanged means that another process has written the marks meanwhile.
var errMarksChanged = errors.New("another process has written the high-water marks")

// writeMarks makes next the marks, in the store and in the file. It returns an error if
// the store does not take them. The current marks are then those of the other process, or
// next, which are written again.
func (s *Store) writeMarks(ctx context.Context, next watermark.Marks) error {
	w := s.watermarks
	data, err := json.Marshal(next)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, markWait)
	defer cancel()
	m := nats.NewMsg(s.names.marksOfShards())
	m.Data = data
	ack, err := s.js.PublishMsg(wait, m, jetstream.WithExpectStream(s.names.marks()), jetstream.WithExpectLastSequencePerSubject(w.sequence))
	if api, ok := errors.AsType[*jetstream.APIError](err); ok && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return errors.Join(errMarksChanged, s.readMarks(ctx))
	}
	w.current = next
	w.missing.Store(next.Missing())
	failed := err
	if err == nil {
		w.sequence = ack.Sequence
		if s.c.MarkFile != "" {
			failed = watermark.WriteFile(s.c.MarkFile, s.c.Name, next)
		}
	}
	failing := ""
	if failed != nil {
		failing = failed.Error()
	}
	if failing != w.failing && ctx.Err() == nil {
		if w.failing = failing; failed != nil {
			s.log().LogAttrs(ctx, slog.LevelWarn, "durable: the high-water marks cannot be written: a loss may go unnoticed",
				slog.String("store", s.c.Name), slog.String("error", failing))
		}
	}
	return err
}

// markPurge records that the events of a shard up to a sequence are about to be deleted.
func (s *Store) markPurge(ctx context.Context, shard int, upTo uint64) error {
	w := s.watermarks
	w.mu.Lock()
	defer w.mu.Unlock()
	for range markTries {
		next := clone(w.current)
		if next.Shards[shard].Purged >= upTo && w.failing == "" {
			return nil
		}
		next.Shards[shard].Purged = max(next.Shards[shard].Purged, upTo)
		err := s.writeMarks(ctx, next)
		if err == nil || hasNoRoom(err) { // else a server that is full could not be emptied
			return nil
		}
		if !errors.Is(err, errMarksChanged) {
			return fmt.Errorf("high-water marks: %w", err)
		}
	}
	return errMarksChanged
}

func clone(m watermark.Marks) watermark.Marks {
	m.Shards = slices.Clone(m.Shards)
	return m
}

// offer gives a glance to watchMarks, instead of one that it has not looked at yet.
func (w *watermarks) offer(g glance) {
	select {
	case <-w.glances:
	default:
	}
	select {
	case w.glances <- g:
	default:
	}
}

// watchMarks compares each glance with the marks, until the store is closed.
func (s *Store) watchMarks() {
	w := s.watermarks
	for {
		select {
		case <-s.base.Done():
			return
		case g := <-w.glances:
			w.mu.Lock()
			s.recreate(s.base, g)
			_ = s.compare(s.base, g)
			w.mu.Unlock()
		}
	}
}

// closeMarks writes the last marks.
func (s *Store) closeMarks() {
	if !s.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), watchWait)
	defer cancel()
	w := s.watermarks
	w.mu.Lock()
	defer w.mu.Unlock()
	for range markTries {
		if !errors.Is(s.compare(ctx, s.glance(ctx)), errMarksChanged) {
			break
		}
	}
}

// recreate creates streams again that do not exist any more.
func (s *Store) recreate(ctx context.Context, g glance) {
	w := s.watermarks
	missing := make(map[string]bool)
	for _, stream := range slices.Concat(g.others, g.shards) {
		if !errors.Is(stream.err, jetstream.ErrStreamNotFound) {
			delete(w.gone, stream.name)
			continue
		}
		if w.gone[stream.name].IsZero() {
			w.gone[stream.name] = time.Now()
		}
		missing[stream.name] = time.Since(w.gone[stream.name]) >= recreateAfter
	}
	for _, c := range s.streams() {
		if !missing[c.Name] {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, createWait)
		_, err := s.js.CreateStream(ctx, c)
		cancel()
		if err != nil {
			if !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
				s.log().LogAttrs(ctx, slog.LevelWarn, "durable: a stream of the store was deleted, and cannot be created again yet",
					slog.String("stream", c.Name), slog.String("error", err.Error()))
			}
			continue
		}
		delete(w.gone, c.Name)
		s.log().LogAttrs(ctx, slog.LevelError, "durable: a stream of the store was deleted: it was created again, empty",
			slog.String("store", s.c.Name), slog.String("stream", c.Name))
	}
}

// compare compares the streams with the marks, and brings the marks up to date.
func (s *Store) compare(ctx context.Context, g glance) error {
	w := s.watermarks
	doubtful := w.doubtful(g)
	if marks := g.others[2].info; len(doubtful) > 0 || marks != nil && marks.State.LastSeq != w.sequence {
		if err := s.readMarks(ctx); err != nil { // others may have written them
			return err
		}
	}
	next := clone(w.current)
	begin := 0 // shards with events that had no mark
	for shard, stream := range g.shards {
		if stream.err != nil || doubtful[shard] {
			continue
		}
		mark := w.current.Shards[shard]
		if _, after := mark.Compare(stateOf(stream.info, mark.Gone)); after.Round == mark.Round { // else next time
			next.Shards[shard] = after
		}
	}
	findings := s.examine(ctx, doubtful)
	for shard, f := range findings {
		mark := w.current.Shards[shard]
		if w.unsure[shard] = f.mayPass(mark, &w.doubts[shard]); w.unsure[shard] {
			delete(findings, shard)
			continue
		}
		if mark.Created.IsZero() && f.State.Last > 0 {
			begin++
		}
		next.Shards[shard] = f.after
	}
	var deadMissing uint64
	if dead := g.others[0].info; dead != nil {
		deadMissing, next.Dead = w.current.Dead.Compare(stateOf(dead, nil), dead.State.Msgs)
	}
	if reflect.DeepEqual(next, w.current) && w.failing == "" {
		return nil
	}
	err := s.writeMarks(ctx, next)
	if errors.Is(err, errMarksChanged) {
		for shard := range findings {
			w.unsure[shard] = true // what the other process has not found is found next time
		}
		return err
	}
	if begin > 0 {
		s.log().LogAttrs(ctx, slog.LevelInfo, "durable: the store had no high-water marks: what is missing already is not known",
			slog.String("store", s.c.Name), slog.Int("shards", begin))
	}
	if deadMissing > 0 {
		s.log().LogAttrs(ctx, slog.LevelError, "durable: dead letters are missing",
			slog.String("store", s.c.Name), slog.Uint64("missing", deadMissing), slog.String("where", "stream gone"))
	}
	for shard, f := range findings {
		if f.loss.Total() > 0 {
			s.log().LogAttrs(ctx, slog.LevelError, "durable: stored events are missing",
				slog.String("store", s.c.Name), slog.Int("shard", shard), slog.Uint64("missing", f.loss.Total()),
				slog.String("where", f.loss.String()), slog.Uint64("first", f.First), slog.Uint64("last", f.State.Last), slog.Uint64("mark", f.mark.Last))
		}
	}
	return err
}

// doubtful returns the shards whose state must be looked at closely.
func (w *watermarks) doubtful(g glance) map[int]bool {
	doubtful := make(map[int]bool)
	for shard, stream := range g.shards {
		if stream.err != nil {
			w.unsure[shard] = true
			continue
		}
		if cluster := stream.info.Cluster; cluster != nil && cluster.Leader != w.leaders[shard] {
			w.leaders[shard], w.unsure[shard] = cluster.Leader, true // it may have less, and new events in its place
		}
		mark := w.current.Shards[shard]
		state := stateOf(stream.info, mark.Gone)
		_, after := mark.Compare(state)
		if w.unsure[shard] || after.Round != mark.Round || uint64(stream.info.State.NumDeleted) > mark.AccountedFor(state.First, state.Last) {
			doubtful[shard] = true
		}
	}
	return doubtful
}

// stateOf returns the state of a stream whose holes are known.
func stateOf(info *jetstream.StreamInfo, deleted []watermark.Span) watermark.State {
	state := watermark.State{
		Created: info.Created, First: max(info.State.FirstSeq, 1), Last: info.State.LastSeq,
		FirstTime: info.State.FirstTime, LastTime: info.State.LastTime, Deleted: deleted, Kept: info.State.LastSeq,
	}
	if info.State.Msgs == 0 {
		state.First = state.Last + 1
	}
	return state
}

// A finding is what a close look at a shard has found.
type finding struct {
	watermark.State
	mark     watermark.Shard // what it should have
	loss     watermark.Loss
	after    watermark.Shard // the mark for which the loss is accounted
	replicas int
}

// examine looks at shards closely. Those that do not answer are not in the result. Marks
// that others write meanwhile must not look like a loss: w.current is from before the
// state, as for what was stored, and what was purged is asked for after it.
func (s *Store) examine(ctx context.Context, shards map[int]bool) map[int]finding {
	findings := make(map[int]finding)
	for shard := range shards {
		if f, err := s.examineShard(ctx, shard, s.watermarks.current.Shards[shard]); err == nil {
			findings[shard] = f
		}
	}
	if len(findings) == 0 {
		return nil
	}
	later, _, err := s.storedMarks(ctx)
	if err != nil {
		return nil
	}
	for shard, f := range findings {
		if len(later.Shards) > 0 && later.Shards[shard].Round == f.mark.Round {
			f.mark.Purged = max(f.mark.Purged, later.Shards[shard].Purged)
		}
		f.loss, f.after = f.mark.Compare(f.State)
		findings[shard] = f
	}
	return findings
}

// examineShard returns the state of a shard, with its holes, and with where events have
// taken the place of those that the mark is about.
func (s *Store) examineShard(ctx context.Context, shard int, mark watermark.Shard) (f finding, err error) {
	ctx, cancel := context.WithTimeout(ctx, markWait)
	defer cancel()
	stream, err := s.js.Stream(ctx, s.names.stream(shard))
	if err != nil {
		return f, err
	}
	info := stream.CachedInfo()
	if info.State.NumDeleted > 0 {
		if info, err = stream.Info(ctx, jetstream.WithDeletedDetails(true)); err != nil {
			return f, err
		}
	}
	f = finding{State: stateOf(info, watermark.Spans(info.State.Deleted)), mark: mark, replicas: info.Config.Replicas}
	if mark.Last < f.First || mark.Last > f.State.Last || f.IsNew(mark) {
		return f, nil
	}
	m, err := stream.GetMsg(ctx, mark.Last)
	refused, _ := errors.AsType[*jetstream.APIError](err)
	switch {
	case refused != nil && refused.Code < 503: // else there is no leader now
		return f, nil // it is missing itself, or cannot be read
	case err != nil:
		return f, err
	case !m.Time.Equal(mark.LastTime):
		f.Kept, err = firstSince(ctx, stream, f.First, mark.Last+1, mark.LastTime.Add(1))
		f.Kept--
	}
	return f, err
}

// mayPass reports whether a loss may still prove to be none, and keeps in d since when.
func (f finding) mayPass(mark watermark.Shard, d *doubt) bool {
	if f.after.Round == mark.Round || f.replicas < 2 || f.IsNew(mark) || f.Kept != f.State.Last {
		*d = doubt{}
		return false
	}
	// While it still gets events it may be catching up.
	if d.since.IsZero() || f.State.Last < mark.Last && f.State.Last != d.last {
		*d = doubt{time.Now(), f.State.Last}
	}
	return time.Since(d.since) < confirmAfter
}

// AcceptMissing makes what the store has what it should have: what was reported as
// missing counts no more ([Stats]), and what is missing now is not reported.
func (s *Store) AcceptMissing(ctx context.Context) error {
	w := s.watermarks
	w.mu.Lock()
	defer w.mu.Unlock()
	for range markTries {
		if err := s.readMarks(ctx); err != nil {
			return err
		}
		next := clone(w.current)
		for shard := range next.Shards {
			f, err := s.examineShard(ctx, shard, watermark.Shard{})
			if err != nil {
				return fmt.Errorf("durable: shard %d: %w", shard, err)
			}
			round := next.Shards[shard].Round
			_, next.Shards[shard] = watermark.Shard{Round: round + 1}.Compare(f.State)
		}
		next.Dead = watermark.Dead{Round: next.Dead.Round + 1}
		if err := s.writeMarks(ctx, next); !errors.Is(err, errMarksChanged) {
			return err
		}
	}
	return errMarksChanged
}

// hasNoRoom reports whether a server cannot keep one more message, whatever the reason.
func hasNoRoom(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return isFull(err) || ok && api.ErrorCode == codeStoreFailed
}
