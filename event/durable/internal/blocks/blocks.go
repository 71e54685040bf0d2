// Package blocks reads the files in which a NATS server keeps the messages of streams,
// and finds what is damaged in them. The server does not: it reads on as if nothing was
// missing, or leaves out all that is behind a damaged record.
//
// A file is a sequence of records:
//
//	length uint32, sequence uint64, time int64, length of the subject uint16 (little endian),
//	subject, [length of the header uint32, header,] body, checksum [8]byte
package blocks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/minio/highwayhash"

	"github.com/accesshook/accesshook/event/durable/internal/watermark"
)

const (
	fixedSize = 22 // of a record before the subject
	checksum  = 8
	hasHeader = 1 << 31 // in the length
	erased    = 1 << 63 // in the sequence: the message was deleted
	tombstone = 1 << 62 // in the sequence: the message, which is elsewhere, was deleted

	headerBegin = "NATS/1.0"
	headerEnd   = "\r\n\r\n"
	compressed  = "cmp" // begins a compressed file
)

// A Stream is what the files of a stream have.
type Stream struct {
	Name  string
	Files []File
	watermark.State
	Events uint64
}

// A File is a file of a stream.
type File struct {
	Name    string
	Size    int
	Records int      // that can be read
	Damaged [][2]int // offsets where there is no record: from, to
}

// Torn reports whether the file is only cut off in the middle of a record, as after a
// power failure.
func (f File) Torn() bool { return len(f.Damaged) == 1 && f.Damaged[0][1] == f.Size }

// A Message is a message that can be read. Body is only valid until the next one is read.
type Message struct {
	Sequence uint64
	Time     time.Time
	Body     []byte
}

// Streams returns the names of the streams in the directory of a server.
func Streams(dir string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(escape(dir), "jetstream", "$G", "streams", "*", "msgs"))
	for i := range found {
		found[i] = filepath.Base(filepath.Dir(found[i]))
	}
	return found, err
}

// escape makes a path mean itself in a pattern.
func escape(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// Read reads a stream, and calls visit with each of its messages, also deleted ones that
// are still in a file. It changes nothing. Files that it does not understand have no
// records.
func Read(dir, stream string, visit func(Message)) (Stream, error) {
	s := Stream{Name: stream}
	folder := filepath.Join(dir, "jetstream", "$G", "streams", stream)
	if meta, err := os.ReadFile(filepath.Join(folder, "meta.inf")); err == nil {
		var created struct{ Created time.Time }
		_ = json.Unmarshal(meta, &created) // if it is damaged that is not known
		s.Created = created.Created
	}
	numbers, err := files(filepath.Join(folder, "msgs"))
	if err != nil {
		return s, err
	}
	var present []watermark.Span
	var deleted []uint64
	for _, n := range numbers {
		f := File{Name: filepath.Join(folder, "msgs", fmt.Sprintf("%d.blk", n))}
		content, err := os.ReadFile(f.Name)
		if err != nil {
			return s, err
		}
		f.read(content, fmt.Sprintf("%s-%d", stream, n), func(sequence uint64, m Message) {
			s.Last = max(s.Last, m.Sequence)
			switch {
			case sequence&(tombstone|erased) != 0:
				deleted = append(deleted, m.Sequence)
			case len(present) == 0 || m.Sequence > present[len(present)-1][1]:
				present = watermark.Append(present, m.Sequence)
				if s.LastTime = m.Time; s.FirstTime.IsZero() {
					s.FirstTime = m.Time // also of one that was deleted: that is old enough
				}
				visit(m)
			}
		})
		s.Files = append(s.Files, f)
	}
	slices.Sort(deleted)
	present = watermark.Subtract(present, watermark.Spans(slices.Compact(deleted)))
	s.First, s.Kept = s.Last+1, s.Last
	if len(present) > 0 {
		s.First = present[0][0]
		s.Deleted = watermark.Gaps(append(present, watermark.Span{s.Last + 1, s.Last + 1}))
	}
	s.Events = s.Last + 1 - s.First - watermark.Count(s.Deleted)
	return s, nil
}

// files returns the numbers of the files in a folder.
func files(folder string) (numbers []int, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscanf(e.Name(), "%d.blk", &n); err == nil && e.Name() == fmt.Sprintf("%d.blk", n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, err
}

// read finds the records of a file.
func (f *File) read(content []byte, name string, visit func(sequence uint64, m Message)) {
	key := sha256.Sum256([]byte(name))
	f.Size = len(content)
	if bytes.HasPrefix(content, []byte(compressed)) {
		return
	}
	digest, err := highwayhash.New64(key[:])
	if err != nil {
		return // the key has the right length
	}
	for at := 0; at < len(content); {
		if size, sequence, m := record(content[at:], digest); size > 0 {
			f.Records++
			visit(sequence, m)
			at += size
			continue
		}
		from := at
		for at++; at < len(content); at++ {
			if size, _, _ := record(content[at:], digest); size > 0 {
				break
			}
		}
		f.Damaged = append(f.Damaged, [2]int{from, at})
	}
}

// record reads the record at the beginning of b. size is 0 if there is none.
func record(b []byte, digest hash.Hash64) (size int, sequence uint64, m Message) {
	if len(b) < fixedSize+checksum {
		return 0, 0, m
	}
	length := binary.LittleEndian.Uint32(b)
	subject := int(binary.LittleEndian.Uint16(b[20:]))
	size = int(length &^ hasHeader)
	if size < fixedSize+subject+checksum || size > len(b) {
		return 0, 0, m
	}
	sequence = binary.LittleEndian.Uint64(b[4:])
	body, header := b[fixedSize+subject:size-checksum], 0
	if length&hasHeader != 0 {
		if len(body) < 4 {
			return 0, 0, m
		}
		// The checksum does not cover the length of the header.
		length := binary.LittleEndian.Uint32(body)
		body = body[4:]
		if header = int(length); uint64(length) > uint64(len(body)) || !bytes.HasPrefix(body, []byte(headerBegin)) || !bytes.HasSuffix(body[:header], []byte(headerEnd)) {
			return 0, 0, m
		}
	}
	digest.Reset()
	for _, part := range [][]byte{b[4:20], b[fixedSize : fixedSize+subject], body} {
		_, _ = digest.Write(part)
	}
	var sum [checksum]byte
	if !bytes.Equal(digest.Sum(sum[:0]), b[size-checksum:size]) {
		return 0, 0, m
	}
	return size, sequence, Message{
		Sequence: sequence &^ (tombstone | erased),
		Time:     time.Unix(0, int64(binary.LittleEndian.Uint64(b[12:]))).UTC(),
		Body:     body[header:],
	}
}

// Mend cuts out of the files of a stream what is no record, so that a server reads the
// rest.
func (s Stream) Mend() error {
	for _, f := range s.Files {
		if len(f.Damaged) == 0 {
			continue
		}
		// The server's own table of contents does not fit any more.
		err := os.Remove(filepath.Join(filepath.Dir(f.Name), "index.db"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := f.mend(); err != nil {
			return err
		}
	}
	return nil
}

func (f File) mend() error {
	content, err := os.ReadFile(f.Name)
	if err != nil {
		return err
	}
	for _, cut := range slices.Backward(f.Damaged) {
		content = slices.Delete(content, cut[0], cut[1])
	}
	return watermark.ReplaceFile(f.Name, content)
}
