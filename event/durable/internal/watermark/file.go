package watermark

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// maxFile is the largest file that is read, in bytes.
const maxFile = 1 << 20

// ReadFile returns the marks in a file, the zero Marks if there is no file. The file must
// be of the named store.
func ReadFile(name, store string) (Marks, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Marks{}, nil
	}
	if err != nil {
		return Marks{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return Marks{}, err
	}
	var content file
	if err := json.Unmarshal(text, &content); err != nil {
		return Marks{}, fmt.Errorf("%w: %s: %w", ErrDamaged, name, err)
	}
	if content.Store != store {
		return Marks{}, fmt.Errorf("%s has the marks of the store %.32q, not of %q", name, content.Store, store)
	}
	var m Marks
	if content.SHA256 != sum(content.Marks) || json.Unmarshal(content.Marks, &m) != nil {
		return Marks{}, fmt.Errorf("%w: %s", ErrDamaged, name)
	}
	return m, nil
}

// ErrDamaged means that a file does not have what was written.
var ErrDamaged = errors.New("damaged")

// A file is what a file has.
type file struct {
	Store  string          `json:"store"`
	Marks  json.RawMessage `json:"marks"`
	SHA256 string          `json:"sha256"` // of marks
}

func sum(marks []byte) string {
	hash := sha256.Sum256(marks)
	return hex.EncodeToString(hash[:])
}

// WriteFile replaces the marks in a file. After a crash the file has the old ones or the
// new ones.
func WriteFile(name, store string, m Marks) error {
	marks, err := json.Marshal(m)
	if err != nil {
		return err
	}
	text, err := json.Marshal(file{store, marks, sum(marks)})
	if err != nil {
		return err
	}
	return ReplaceFile(name, append(text, '\n'))
}

// ReplaceFile replaces a file at once, and syncs it.
func ReplaceFile(name string, content []byte) error {
	next := name + ".new"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// syncDir makes a rename last.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // it syncs no directories
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
