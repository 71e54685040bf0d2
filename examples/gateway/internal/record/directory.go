package record

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// Bounds of the recordings in a directory, for each vendor and kind: requests that anybody
// can cause do not push out those of a vendor.
const (
	maxFiles = 100
	maxBytes = 8 << 20
	maxAge   = 24 * time.Hour
)

const (
	timeLayout = "20060102T150405.000Z"
	ending     = ".http"
	warnedWord = "-warned"
)

// fileName matches the names of recordings. Other files in the directory are left alone.
var fileName = regexp.MustCompile(`^(\d{8}T\d{6}\.\d{3}Z)-([a-z0-9_-]+)-\d{3}(-warned)?\.http$`)

// A directory has recordings. Several processes may use it.
type directory struct{ root *os.Root }

// Check returns an error if no recordings can be kept in this directory. It makes nothing.
func Check(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		path = filepath.Dir(filepath.Clean(path))
		if info, err = os.Stat(path); err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is not a directory", path)
		}
	case err != nil:
		return err
	default:
		if err := checkPrivate(info); err != nil {
			return err
		}
	}
	return checkWritable(path)
}

// openDirectory opens a directory, and makes it if it is missing.
func openDirectory(path string) (*directory, error) {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".") // of what was opened, whatever is at path by now
	if err == nil {
		err = checkPrivate(info)
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &directory{root}, nil
}

func (d *directory) close() error { return d.root.Close() }

// A recording is a file of ours.
type recording struct {
	name  string
	at    time.Time
	group string // vendor and kind
	size  int64
}

func groupOf(vendor string, k kind) string {
	if k == named {
		k = warned
	}
	return vendor + " " + string(k)
}

// makeRoom removes recordings that are too old, and the oldest ones of this vendor and
// kind until there is room for one more of this size.
func (d *directory) makeRoom(vendor string, k kind, size int) error {
	all, err := d.list()
	if err != nil {
		return err
	}
	now := time.Now()
	var same []recording
	for _, r := range all {
		switch age := now.Sub(r.at); {
		case age > maxAge || age < -maxAge: // a clock was wrong
			err = cmp.Or(err, d.remove(r.name))
		case r.group == groupOf(vendor, k):
			same = append(same, r)
		}
	}
	slices.SortFunc(same, func(a, b recording) int { return cmp.Compare(a.name, b.name) })
	bytes := int64(size)
	for _, r := range same {
		bytes += r.size
	}
	for len(same) >= maxFiles || len(same) > 0 && bytes > maxBytes {
		err = cmp.Or(err, d.remove(same[0].name))
		bytes -= same[0].size
		same = same[1:]
	}
	return err
}

// list returns the recordings. It removes what a process left unfinished that was killed.
func (d *directory) list() (all []recording, err error) {
	dir, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	for {
		entries, err := dir.ReadDir(1000)
		for _, entry := range entries {
			name, temporary := ofTemporary(entry.Name())
			parts := fileName.FindStringSubmatch(name)
			if parts == nil || !entry.Type().IsRegular() {
				continue
			}
			at, err := time.Parse(timeLayout, parts[1])
			info, infoErr := entry.Info()
			if err != nil || infoErr != nil { // no time, or just removed
				continue
			}
			if temporary {
				if time.Since(info.ModTime()) > time.Hour {
					_ = d.remove(entry.Name())
				}
				continue
			}
			k := refused
			if parts[3] != "" {
				k = warned
			}
			all = append(all, recording{name, at, groupOf(parts[2], k), info.Size()})
		}
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// remove removes a file, which another process may have done already.
func (d *directory) remove(name string) error {
	if err := d.root.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// create writes a recording. It is there whole or not at all.
func (d *directory) create(at time.Time, vendor string, status int, k kind, content []byte) error {
	for range 1000 { // others of the same millisecond
		name := fmt.Sprintf("%s-%s-%03d", at.UTC().Format(timeLayout), vendor, status)
		if k != refused {
			name += warnedWord
		}
		err := d.createAs(name+ending, content)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		at = at.Add(time.Millisecond)
	}
	return errors.New("too many recordings of one second")
}

// createAs writes a file that must not exist. Who has made the temporary file has
// the name: others find either of them.
func (d *directory) createAs(name string, content []byte) error {
	temporary := temporaryOf(name)
	f, err := d.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = d.root.Lstat(name); err == nil {
		err = fs.ErrExist
	} else if errors.Is(err, fs.ErrNotExist) {
		_, err = f.Write(content)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = d.root.Rename(temporary, name)
	}
	if err != nil {
		_ = d.root.Remove(temporary)
	}
	return err
}

const temporaryEnding = ".tmp"

func temporaryOf(name string) string { return "." + name + temporaryEnding }

// ofTemporary returns the name that a temporary file will have, or the name as it is.
func ofTemporary(name string) (string, bool) {
	if len(name) > len("."+temporaryEnding) && name == temporaryOf(name[1:len(name)-len(temporaryEnding)]) {
		return name[1 : len(name)-len(temporaryEnding)], true
	}
	return name, false
}
