package embedded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A syncedTree knows which files of a directory it has synced. It is safe for concurrent
// use.
type syncedTree struct {
	mu    sync.Mutex
	files map[string]version // as they were before they were synced
}

// A version tells a file from what it was. The clock may go back, so times are compared
// for equality only.
type version struct {
	size     int64
	modified time.Time
}

// sync syncs what has changed in dir, below it, and the names of files.
func (t *syncedTree) sync(dir string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	files := make(map[string]version, len(t.files))
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return gone(err)
		}
		info, err := d.Info()
		if err != nil {
			return gone(err)
		}
		if !d.IsDir() && !info.Mode().IsRegular() {
			return nil
		}
		v := version{info.Size(), info.ModTime()}
		if had, ok := t.files[name]; !ok || had.size != v.size || !had.modified.Equal(v.modified) {
			if err := syncFile(name); err != nil {
				return gone(err)
			}
		}
		files[name] = v
		return nil
	})
	if err != nil {
		return err
	}
	t.files = files
	return nil
}

// gone returns nil if err says that a file does not exist: the server has removed it.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
