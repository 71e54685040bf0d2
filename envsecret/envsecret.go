// Package envsecret reads secrets from the environment, as services get them from
// systemd, containers and Kubernetes: RELOCK_SECRETS holds them, or RELOCK_SECRETS_FILE
// names a file that does.
//
// A variable holds one secret, or several separated by commas, so that one can be
// replaced without a gap. A file has one a line, and is the place for secrets with commas.
// [Reload] reads files again while the service runs.
//
// Errors and warnings name the variable and the number of an entry. They never hold a
// secret or the path of a file.
package envsecret

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/smallfile"
	"github.com/accesshook/accesshook/verify"
)

// A Variable is an environment variable that holds secrets. With _FILE after its name it
// is the path of a file that does.
type Variable struct {
	Name string // such as "RELOCK_SECRETS"
	// Pairs says that each entry is user:password. Only the first colon separates them.
	Pairs bool
	// KeySize, if it is not zero, says that each entry is a binary key of so many bytes,
	// in hex or in base64 of either alphabet, padded or not.
	KeySize int
	// LookupEnv looks variables up. Nil: os.LookupEnv.
	LookupEnv func(name string) (value string, ok bool)
}

// Values are what a [Variable] holds.
type Values struct {
	// Source is the variable that is set, Name or Name_FILE. Empty: neither is.
	Source string
	// Secrets are the entries, in order. Nil if they are Pairs.
	Secrets []event.Secret
	// Credentials are the entries, in order. Nil unless they are Pairs.
	Credentials []verify.Credential
	// Warnings say what looks wrong and is not refused: a secret that seems to be copied
	// with something around it, a password of fewer than 16 bytes, a file that others on
	// the machine can read. Each is a whole message.
	Warnings []string
}

// Read returns the values of v: none, without an error, if neither variable is set.
//
// It refuses a variable that is set twice, with and without _FILE, an empty entry, which a
// template leaves that was not filled in, and a line of a file that begins with "#", which
// people take for a comment. It removes the line ends of a file, LF or CRLF, and nothing
// else: white space around a secret stays, and constructors such as relock.New refuse it.
// It does not judge how good a secret is.
//
// A file has at most 1 MiB and is read within 10 seconds. It may be a pipe.
func (v Variable) Read() (Values, error) {
	entries, source, err := v.entries()
	if err != nil || source == "" {
		return Values{}, err
	}
	values := Values{Source: source}
	for i, entry := range entries {
		user, password, isPair := strings.Cut(entry, ":")
		switch {
		case entry == "":
			err = errors.New("is empty")
		case source != v.Name && entry[0] == '#':
			err = errors.New("begins with #: there are no comments, and anybody could guess such a secret")
		case v.KeySize > 0:
			key, ok := decodeKey(entry, v.KeySize)
			if !ok {
				err = fmt.Errorf("is not %d bytes in hex or base64", v.KeySize)
			}
			values.Secrets = append(values.Secrets, event.NewSecretBytes(key))
		case !v.Pairs:
			values.Secrets = append(values.Secrets, event.NewSecret(entry))
		case isPair:
			values.Credentials = append(values.Credentials, verify.NewCredential(user, password))
		default:
			err = errors.New("has no colon between user and password")
		}
		if err != nil {
			return Values{}, fmt.Errorf("%s: entry %d %w", source, i+1, err)
		}
	}
	values.Warnings = v.warnings(source, entries)
	return values, nil
}

func (v Variable) lookup(name string) (value string, ok bool) {
	if v.LookupEnv == nil {
		return os.LookupEnv(name)
	}
	return v.LookupEnv(name)
}

func (v Variable) fileName() string { return v.Name + "_FILE" }

// inFile reports whether the secrets are in a file.
func (v Variable) inFile() bool {
	_, ok := v.lookup(v.fileName())
	return ok
}

// entries returns the entries, and the variable that they are from.
func (v Variable) entries() (entries []string, source string, err error) {
	list, inVariable := v.lookup(v.Name)
	path, inFile := v.lookup(v.fileName())
	switch {
	case inVariable && inFile:
		return nil, "", fmt.Errorf("%s and %s are both set", v.Name, v.fileName())
	case inVariable:
		return strings.Split(list, ","), v.Name, nil
	case !inFile:
		return nil, "", nil
	}
	content, err := smallfile.ReadFile(path)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", v.fileName(), err)
	}
	entries = strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	for i := range entries {
		entries[i] = strings.TrimSuffix(entries[i], "\r")
	}
	return entries, v.fileName(), nil
}

// decodeKey decodes a key of size bytes. The length of the text says in which form it is.
func decodeKey(text string, size int) (key []byte, ok bool) {
	if len(text) == hex.EncodedLen(size) {
		key, err := hex.DecodeString(text)
		return key, err == nil
	}
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	key, err := base64.RawStdEncoding.Strict().DecodeString(text)
	return key, err == nil && len(key) == size
}
