package settings

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/peterbourgon/ff/v3"
)

// prefix begins the names of the variables of flags.
const prefix = "GATEWAY"

// variable returns the name of the variable for a flag.
func variable(flag string) string {
	return prefix + "_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// onlyArgument has the flags that only the command line sets. A GATEWAY_VERSION often
// says which version somebody has installed.
var onlyArgument = map[string]bool{"check": true, "version": true}

// read sets flags from the arguments, from variables, and from the file of -config. The
// first of them that sets a flag counts.
func read(flags *flag.FlagSet, args []string) error {
	err := ff.Parse(flags, args, ff.WithEnvVarPrefix(prefix))
	if errors.Is(err, flag.ErrHelp) {
		return flag.ErrHelp
	}
	if wrong := checkVariables(flags); wrong != nil {
		return wrong
	}
	if err != nil {
		return cmp.Or(errors.Unwrap(err), err) // what ff adds does not help
	}
	if path := flags.Lookup("config").Value.String(); path != "" {
		if err := readConfig(flags, path); err != nil {
			return fmt.Errorf("-config: %w", err)
		}
	}
	return nil
}

// checkVariables refuses empty variables, which ff takes for unset: an empty
// GATEWAY_ALLOW_FROM would accept everybody.
func checkVariables(flags *flag.FlagSet) (err error) {
	flags.VisitAll(func(f *flag.Flag) {
		switch value, ok := os.LookupEnv(variable(f.Name)); {
		case !ok:
		case onlyArgument[f.Name]:
			err = cmp.Or(err, fmt.Errorf("%s is set, but -%s can only be an argument", variable(f.Name), f.Name))
		case value == "":
			err = cmp.Or(err, fmt.Errorf("%s is empty", variable(f.Name)))
		}
	})
	return err
}

// maxFile is the largest size of a file in bytes. It is less than the longest line that
// ff can read.
const maxFile = 32 << 10

// word matches what is likely the name of a flag or a variable, rather than a secret.
var word = regexp.MustCompile(`^([a-z-]+|[A-Z_]+)$`)

// readConfig sets the flags that are not set yet.
func readConfig(flags *flag.FlagSet, path string) error {
	content, err := readRegular(path)
	if err != nil {
		return err
	}
	before, inFile := given(flags), make(map[string]bool)
	return ff.PlainParser(bytes.NewReader(content), func(name, value string) error {
		f := flags.Lookup(name)
		switch {
		case f == nil:
			name, _, _ = strings.Cut(name, "=")
			if name, _, _ = strings.Cut(name, "\t"); !word.MatchString(name) {
				return errors.New("a line is not the name of a flag, a space and a value")
			}
			return fmt.Errorf("the line that begins with %q is not the name of a flag, a space and a value", name)
		case name == "config" || onlyArgument[name]:
			return fmt.Errorf("-%s cannot be in the file", name)
		case inFile[name]:
			return fmt.Errorf("-%s is set twice", name)
		}
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); value == "true" && !(ok && b.IsBoolFlag()) {
			return fmt.Errorf("-%s has no value", name) // ff makes it true
		}
		inFile[name] = true
		if before[name] {
			return nil
		}
		if err := flags.Set(name, value); err != nil {
			return fmt.Errorf("-%s: %w", name, err)
		}
		return nil
	})
}

// readRegular returns the content of a file. It refuses what may block, such as a pipe.
// The error does not hold the path.
func readRegular(path string) (content []byte, err error) {
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxFile) {
		return nil, fmt.Errorf("it is not a regular file of at most %d bytes", maxFile)
	}
	if err == nil {
		content, err = os.ReadFile(path)
	}
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return nil, fmt.Errorf("cannot read the file: %w", e.Err)
	}
	return content, err
}
