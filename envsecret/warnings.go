package envsecret

import (
	"fmt"
	"regexp"
	"strings"
)

// shortPassword is the length in bytes below which a password is short enough to guess.
const shortPassword = 16

// mistakes are what a secret has that was copied with too much, or not filled in.
var mistakes = []struct {
	looks *regexp.Regexp
	text  string
	pairs bool // only in user:password
}{
	{regexp.MustCompile("^[\"'`“”‘’]|[\"'`“”‘’]$"), "begins or ends with a quotation mark, which counts as part of it", false},
	{regexp.MustCompile(`(?i)^sha256=`), "begins with sha256=, as a signature does", false},
	{regexp.MustCompile(`(?i)^(basic|bearer) `), "begins with Basic or Bearer, as a header does", false},
	{regexp.MustCompile(`(?i)^(env|file|vault|op|arn):`), "names a place where a secret is kept, and is taken for the secret", false},
	{regexp.MustCompile(`\$\{|\$\(|\{\{|^<.*>$`), "has a placeholder that was not filled in", false},
	{regexp.MustCompile(`\\[nr]`), `has \n or \r as two characters, which do not end a line`, false},
	{regexp.MustCompile(`://`), "is a URL, and only its user:password is wanted", true},
	{regexp.MustCompile(`%[0-9A-Fa-f]{2}`), "is percent-encoded as in a URL, and is not decoded", true},
}

// warnings returns what looks wrong with the entries: of each kind of mistake the first
// that has it.
func (v Variable) warnings(source string, entries []string) []string {
	var all []string
	for _, m := range mistakes {
		for i, entry := range entries {
			if m.pairs && !v.Pairs {
				break
			}
			_, password, _ := strings.Cut(entry, ":")
			if m.looks.MatchString(entry) || v.Pairs && m.looks.MatchString(password) {
				all = append(all, fmt.Sprintf("%s: entry %d %s", source, i+1, m.text))
				break
			}
		}
	}
	for i, entry := range entries {
		if _, password, _ := strings.Cut(entry, ":"); v.Pairs && len(password) < shortPassword {
			all = append(all, fmt.Sprintf("%s: the password of entry %d has fewer than %d bytes and can be guessed", source, i+1, shortPassword))
			break
		}
	}
	if path, ok := v.lookup(v.fileName()); ok {
		if warning := FileWarning(source, path); warning != "" {
			all = append(all, warning)
		}
	}
	return all
}

// FileWarning returns a message if others on this machine can read or change a file with
// secrets, such as a private key, and else "". The message calls the file name, which may
// be a flag or a variable. There are no messages for what is not a regular file, and on
// systems without Unix permissions.
//
// A group counts as others unless the file belongs to another user, such as root: then the
// group is how this process may read it.
func FileWarning(name, path string) string {
	mode, open := openToOthers(path)
	if !open {
		return ""
	}
	return fmt.Sprintf("%s: others on this machine can read or change the file, its mode is %04o", name, mode)
}
