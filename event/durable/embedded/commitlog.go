package embedded

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// A server that syncs each write syncs one file for each shard, and one write of a
// shard at a time. So the server does not sync. Instead each message that it has taken
// is written to the commit log too, and many senders share one sync of that one file.
// The message is then on the disk, and the sender is answered.
//
// All writes of the server have gone to the operating system before it answers, so the
// end of the process loses none. After a power failure the server may have lost the last
// ones; start stores those again from the log.
//
// The log has two segments. When one is full, the other one goes on, the files of the
// server are synced, and then the first is free.
const (
	segmentSize = 32 << 20
	// maxSegment is where commits wait until the files of the server are synced.
	maxSegment = 4 * segmentSize
	// extent is how much of a segment is written in advance. To sync what overwrites a
	// part of a file takes a fifth of the time of what makes it longer.
	extent = 1 << 20
)

// logFile is the name of the segments in the directory, without their numbers.
const logFile = "accesshook.log"

// A committed is a message that the server has taken.
type committed struct {
	Stream   string
	Sequence uint64
	Subject  string
	Header   nats.Header
	Data     []byte `json:"-"`
}

// encode returns the length of the JSON of c in 4 bytes, the JSON, and Data.
func (c committed) encode() ([]byte, error) {
	head, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	b := make([]byte, 0, 4+len(head)+len(c.Data))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(head)))
	return append(append(b, head...), c.Data...), nil
}

func decode(b []byte) (c committed, err error) {
	size := int64(0)
	if len(b) >= 4 {
		size = int64(binary.LittleEndian.Uint32(b))
		b = b[4:]
	}
	if size == 0 || size > int64(len(b)) {
		return committed{}, errors.New("embedded: commit log: a message has no head")
	}
	if err := json.Unmarshal(b[:size], &c); err != nil {
		return committed{}, fmt.Errorf("embedded: commit log: %w", err)
	}
	c.Data = b[size:]
	return c, nil
}

// A commitLog is safe for concurrent use.
type commitLog struct {
	dir   string // of the log, and above the server's files
	limit int64  // segmentSize
	tree  syncedTree

	mu      sync.Mutex
	next    *group // the records for the next write
	writing bool

	file     sync.Mutex // guards what follows; held while the segments are written
	segments [2]*segment
	current  int
	freeing  chan struct{} // closed when the other segment is free
	err      error         // the log takes nothing before clear
}

// A group is the records of one write.
type group struct {
	records [][]byte
	done    chan struct{}
	err     error // once done is closed
}

// hasCommitLog reports whether there is a log in dir.
func hasCommitLog(dir string) bool {
	_, err := os.Stat(segmentName(dir, 0))
	return err == nil
}

func segmentName(dir string, i int) string {
	return filepath.Join(dir, fmt.Sprintf("%s.%d", logFile, i))
}

func openCommitLog(dir string) (*commitLog, error) {
	l := &commitLog{dir: dir, limit: segmentSize, next: newGroup(), freeing: make(chan struct{})}
	close(l.freeing)
	for i := range l.segments {
		s, err := openSegment(segmentName(dir, i))
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		l.segments[i] = s
	}
	return l, nil
}

func newGroup() *group { return &group{done: make(chan struct{})} }

// add returns once c is on the disk, or ctx is done.
func (l *commitLog) add(ctx context.Context, c committed) error {
	record, err := c.encode()
	if err != nil {
		return err
	}
	l.mu.Lock()
	g := l.next
	g.records = append(g.records, record)
	if !l.writing {
		l.writing = true
		go l.write()
	}
	l.mu.Unlock()
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write writes one group after another. While one is written, the next one collects.
func (l *commitLog) write() {
	for {
		l.mu.Lock()
		g := l.next
		if len(g.records) == 0 {
			l.writing = false
			l.mu.Unlock()
			return
		}
		l.next = newGroup()
		l.mu.Unlock()
		g.err = l.writeGroup(g.records)
		close(g.done)
	}
}

func (l *commitLog) writeGroup(records [][]byte) error {
	l.file.Lock()
	defer l.file.Unlock()
	if l.segments[l.current].end >= maxSegment {
		l.waitFree()
	}
	if l.err == nil && l.segments[l.current].end >= l.limit && l.isFree() {
		l.err = l.swap()
	}
	if l.err == nil {
		l.err = l.segments[l.current].append(records)
	}
	return l.err
}

func (l *commitLog) isFree() bool {
	select {
	case <-l.freeing:
		return true
	default:
		return false
	}
}

// waitFree waits until the other segment is free.
func (l *commitLog) waitFree() {
	for !l.isFree() {
		freeing := l.freeing
		l.file.Unlock()
		<-freeing
		l.file.Lock()
	}
}

// swap goes on with the other segment, which is free, and frees this one. If that fails,
// the log keeps all that it has, and takes nothing before clear.
func (l *commitLog) swap() error {
	full := l.segments[l.current]
	l.current = 1 - l.current
	if err := l.segments[l.current].reset(full.generation + 1); err != nil {
		return err
	}
	freeing := make(chan struct{})
	l.freeing = freeing
	go func() {
		defer close(freeing)
		err := l.sync()
		l.file.Lock()
		defer l.file.Unlock()
		if err == nil {
			err = full.reset(0)
		}
		if l.err == nil {
			l.err = err
		}
	}()
	return nil
}

// sync syncs the files of the server.
func (l *commitLog) sync() error {
	if err := syncFile(l.dir); err != nil { // the names in it
		return err
	}
	return l.tree.sync(filepath.Join(l.dir, server.JetStreamStoreDir))
}

// health returns why the log takes nothing, or nil.
func (l *commitLog) health() error {
	l.file.Lock()
	defer l.file.Unlock()
	return l.err
}

// read calls f with each message of the log, the oldest first.
func (l *commitLog) read(f func(committed) error) error {
	l.file.Lock()
	defer l.file.Unlock()
	l.waitFree()
	for _, s := range l.oldestFirst() {
		if err := s.read(f); err != nil {
			return err
		}
	}
	return nil
}

// clear syncs the files of the server, and empties the log.
func (l *commitLog) clear() error {
	l.file.Lock()
	defer l.file.Unlock()
	l.waitFree()
	if err := l.sync(); err != nil {
		return err
	}
	both := l.oldestFirst()
	generation := both[1].generation
	for _, s := range both {
		if err := s.reset(0); err != nil {
			return err
		}
	}
	l.err = l.segments[l.current].reset(generation + 1)
	return l.err
}

func (l *commitLog) oldestFirst() []*segment {
	return slices.SortedFunc(slices.Values(l.segments[:]), func(a, b *segment) int { return cmp.Compare(a.generation, b.generation) })
}

func (l *commitLog) close() error {
	var err error
	for _, s := range l.segments {
		if s != nil {
			err = errors.Join(err, s.f.Close())
		}
	}
	return err
}

// A segment is a file: its generation in 8 bytes, and records. A record is the length of
// its message and a checksum, in 4 bytes each, and the message. The checksum is over the
// generation too, so that a record of an older use of the file is no record.
type segment struct {
	f          *os.File
	generation uint64
	end        int64 // of the records
	size       int64 // of the file
}

const (
	segmentHeader = 8
	recordHeader  = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func openSegment(name string) (*segment, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	s := &segment{f: f}
	var header [segmentHeader]byte
	if _, err := f.ReadAt(header[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, f.Close())
	}
	s.generation = binary.LittleEndian.Uint64(header[:])
	return s, nil
}

func (s *segment) checksum(message []byte) uint32 {
	generation := binary.LittleEndian.AppendUint64(nil, s.generation)
	return crc32.Update(crc32.Checksum(generation, castagnoli), castagnoli, message)
}

// reset makes s empty.
func (s *segment) reset(generation uint64) error {
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	s.generation, s.end, s.size = generation, segmentHeader, info.Size()
	if s.size > maxSegment {
		if err := s.f.Truncate(segmentSize); err != nil {
			return err
		}
		s.size = segmentSize
	}
	if _, err := s.f.WriteAt(binary.LittleEndian.AppendUint64(nil, generation), 0); err != nil {
		return err
	}
	return s.f.Sync()
}

// append writes records and syncs them.
func (s *segment) append(messages [][]byte) error {
	var b []byte
	for _, m := range messages {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(m)))
		b = binary.LittleEndian.AppendUint32(b, s.checksum(m))
		b = append(b, m...)
	}
	end := s.end + int64(len(b))
	grows := end > s.size
	if grows {
		b = append(b, make([]byte, extent)...)
	}
	if _, err := s.f.WriteAt(b, s.end); err != nil {
		return err
	}
	if !grows {
		s.end = end
		return syncData(s.f)
	}
	if err := s.f.Sync(); err != nil {
		return err
	}
	s.end, s.size = end, end+extent
	return nil
}

// read calls f with each message of s. A record that is not whole is the end: nobody was
// answered for it, or for what follows.
func (s *segment) read(f func(committed) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(s.f, segmentHeader, 1<<62), 1<<16)
	for {
		var header [recordHeader]byte
		if _, err := io.ReadFull(r, header[:]); err != nil {
			return ended(err)
		}
		size, sum := binary.LittleEndian.Uint32(header[:]), binary.LittleEndian.Uint32(header[4:])
		if size == 0 {
			return nil
		}
		// Not allocated at once: where a record ends, any number may follow.
		var message bytes.Buffer
		if _, err := io.CopyN(&message, r, int64(size)); err != nil {
			return ended(err)
		}
		if s.checksum(message.Bytes()) != sum {
			return nil
		}
		c, err := decode(message.Bytes())
		if err != nil {
			return err
		}
		if err := f(c); err != nil {
			return err
		}
	}
}

// ended returns nil if err is the end of a file.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
